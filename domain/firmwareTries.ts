import type { Event } from './firmwareChannel.ts'
import type { Try } from './firmwareOffer.ts'
import { reaches } from './firmwareRollout.ts'

/**
 * The last try that a channel ever had of a release for this device; one of no rollout where none came to it. Undefined: nobody was ever offered it.
 * @param events of the channel, oldest first
 */
export function triedBefore(events: readonly Event[], release_id: string, device_id: string): Try | undefined {
  const rollouts: { rollout_id: string; percent: number; attempt: number }[] = []
  const tries: (Try | (typeof rollouts)[number])[] = []
  let attempt = 0
  for (const { type, data } of events) {
    const isActive =
      type === 'FirmwareActivated' || type === 'FirmwareRolledBack' || type === 'FirmwareRolloutCompleted'
    if (isActive) attempt++
    if (data.release_id !== release_id) continue
    const rollout = rollouts.at(-1)
    if (isActive) tries.push({ release_id, attempt })
    else if (type === 'FirmwareRolloutStarted') {
      rollouts.push({ rollout_id: data.rollout_id, percent: data.percent, attempt: 0 })
      tries.push(rollouts.at(-1)!)
    } else if (type === 'FirmwareRolloutAdvanced' && rollout) rollout.percent = data.percent
    else if (type === 'FirmwareRolloutRetried' && rollout) rollout.attempt = data.attempt
  }
  const last = tries.findLast((one) => !('percent' in one) || reaches(one, device_id))
  if (!last) return tries.length > 0 ? { release_id, attempt } : undefined
  return 'percent' in last ? { release_id, rollout_id: last.rollout_id, attempt: last.attempt } : last
}
