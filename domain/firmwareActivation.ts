import type { Decision } from './decider.ts'
import { type Event, type Image, imageOf, type Scope, type State } from './firmwareChannel.ts'
import { Refusal } from './refusal.ts'

// What is decided on a channel apart from how rollouts go: which release is active, and which never will be.

/** Semantic versions: below 0 where the first is older. */
export type Compare = (a: string, b: string) => number

/** Fit to become active here: not withdrawn, and not below what the fleet must not fall below. */
export function activable({ barred, security_floor }: State, { release_id, version, security_version = 0 }: Image) {
  if (barred.includes(release_id)) throw new Refusal('firmware-withdrawn', `Release ${version} was withdrawn`)
  if (security_version < security_floor)
    throw new Refusal(
      'security-floor',
      `Release ${version} has security version ${security_version}; here nothing below ${security_floor} becomes active again`,
    )
}

/** Fit to be what every device of the channel comes to run next: not older than what it ran last. That would be a rollback. */
export function follows({ active, past }: State, { version }: Image, compare: Compare): void {
  const last = active ?? past[0]
  if (last && compare(version, last.version) < 0)
    throw new Refusal('firmware-downgrade', `Release ${version} is older than ${last.version}: roll back to it`)
}

export const previousOf = ({ active }: State) => (active ? { previous_release_id: active.release_id } : {})

/** The open rollout, where it is one of this release or any will do: the event ends it. */
function ending({ rollout }: State, release_id = rollout?.release_id) {
  if (!rollout || rollout.release_id !== release_id) return {}
  return { rollout_id: rollout.rollout_id, rollout_release_id: rollout.release_id }
}

/** The release is the active one from here on; never one that is older than what was before: that is a rollback. */
export const activate =
  (data: Scope & Image & { activated_at: string }, compare: Compare): Decision<State, Event> =>
  (state) => {
    if (state.rollout)
      throw new Refusal('rollout-open', `A rollout of ${state.rollout.version} is open: complete it, or roll back`)
    if (state.active?.release_id === data.release_id) return []
    activable(state, data)
    follows(state, data, compare)
    return [{ type: 'FirmwareActivated', data: { ...data, ...previousOf(state) } }]
  }

/** Neither active nor rolled out from here on. */
export const deactivate =
  (data: Scope & { release_id: string; reason?: string; deactivated_at: string }): Decision<State, Event> =>
  (state) => {
    const { active, rollout } = state
    if (active?.release_id !== data.release_id && rollout?.release_id !== data.release_id) return []
    return [{ type: 'FirmwareDeactivated', data: { ...data, ...ending(state, data.release_id) } }]
  }

/**
 * Where no release is named: what is active while something else is rolled out, else what was active before and is older than what is now. One
 * step and no more, however often it is asked for: whoever wants to go further back names where to.
 */
function previous({ active, rollout, past }: State, compare: Compare): Image {
  if (rollout && active) return active
  if (active?.by === 'rollback')
    throw new Refusal(
      'rolled-back-already',
      `Release ${active.version} is there by a rollback; name the one to go back to`,
    )
  const before = past.find(({ version }) => !active || compare(version, active.version) < 0)
  if (before) return before
  throw new Refusal('nothing-before', 'Nothing was active before that could be gone back to')
}

/**
 * Another release is active, and devices that run something newer go back to it; an open rollout is over.
 * @param to a published release of this channel
 */
export const rollBack =
  (
    { to, ...data }: Scope & { to?: Image; reason: string; rolled_back_at: string },
    compare: Compare,
  ): Decision<State, Event> =>
  (state) => {
    const image = imageOf(to ?? previous(state, compare))
    activable(state, image)
    const { active, rollout } = state
    if (!rollout && active?.release_id === image.release_id && active.by === 'rollback') return []
    return [{ type: 'FirmwareRolledBack', data: { ...data, ...image, ...previousOf(state), ...ending(state) } }]
  }

/** Before a release is withdrawn: it is not active, not rolled out, and never will be. */
export const bar =
  (data: Scope & { release_id: string; reason: string; barred_at: string }): Decision<State, Event> =>
  (state) => {
    const { release_id } = data
    if (state.barred.includes(release_id)) return []
    const was_active = state.active?.release_id === release_id
    return [{ type: 'FirmwareReleaseBarred', data: { ...data, was_active, ...ending(state, release_id) } }]
  }
