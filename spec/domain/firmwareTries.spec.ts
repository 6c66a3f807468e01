import { expect } from 'chai'
import type { Event } from '../../domain/firmwareChannel.ts'
import { bucketOf } from '../../domain/firmwareRollout.ts'
import { triedBefore } from '../../domain/firmwareTries.ts'
import { frozen } from './frozen.ts'

const at = '2026-11-24T09:00:00.000Z'
const image = (release_id: string) => ({ device_model: 'xs-1', release_id, version: '2.0.0' })
const activated = (release_id: string): Event => ({
  type: 'FirmwareActivated',
  data: { ...image(release_id), activated_at: at },
})
const started = (release_id: string, rollout_id: string, percent: number): Event => ({
  type: 'FirmwareRolloutStarted',
  data: {
    ...image(release_id),
    rollout_id,
    percent,
    ladder: [5, 100],
    dwell_secs: 1,
    advance: 'manual',
    success_percent: 90,
    halt: { min_devices: 1, failure_percent: 10 },
    started_at: at,
  },
})
const advanced = (release_id: string, rollout_id: string, percent: number): Event => ({
  type: 'FirmwareRolloutAdvanced',
  data: { device_model: 'xs-1', release_id, rollout_id, from_percent: 5, percent, advanced_at: at },
})
const retried = (release_id: string, rollout_id: string, attempt: number): Event => ({
  type: 'FirmwareRolloutRetried',
  data: { device_model: 'xs-1', release_id, rollout_id, attempt, retried_at: at },
})
const completed = (release_id: string, rollout_id: string): Event => ({
  type: 'FirmwareRolloutCompleted',
  data: { ...image(release_id), rollout_id, completed_at: at },
})

const ids = Array.from({ length: 1000 }, (_, n) => `d${n}`)
const early = ids.find((id) => bucketOf('o1', id) < 5)!
const late = ids.find((id) => bucketOf('o1', id) > 50)!
const tried = (device_id: string, ...events: Event[]) => triedBefore(frozen(events), 'r1', device_id)

describe('what a channel has ever offered of a release', () => {
  it('is nothing where it was of others', () =>
    expect(tried(early, activated('r2'), started('r3', 'o1', 100))).to.equal(undefined))
  it('is the last of its activations', () => {
    expect(tried(early, activated('r1'))).to.deep.equal({ release_id: 'r1', attempt: 1 })
    expect(tried(early, activated('r1'), activated('r2'), activated('r1'), activated('r2'))).to.include({ attempt: 3 })
  })
  it('is the rollout that came to the device, as far as it came in the end', () => {
    const events = [activated('r2'), started('r1', 'o1', 5), retried('r1', 'o1', 2), activated('r2')]
    expect(tried(early, ...events)).to.deep.equal({ release_id: 'r1', rollout_id: 'o1', attempt: 2 })
    expect(tried(late, ...events), 'never').to.deep.equal({ release_id: 'r1', attempt: 2 })
    expect(tried(late, started('r1', 'o1', 5), advanced('r1', 'o1', 100))).to.include({ rollout_id: 'o1', attempt: 0 })
    expect(tried(late, started('r1', 'o1', 5), advanced('r2', 'o2', 100), retried('r2', 'o2', 7))).to.deep.equal({
      release_id: 'r1',
      attempt: 0,
    })
  })
  it('is the last of both', () => {
    const rollout = started('r1', 'o1', 100)
    expect(tried(early, rollout, completed('r1', 'o1'))).to.deep.equal({ release_id: 'r1', attempt: 1 })
    expect(tried(early, activated('r1'), activated('r2'), rollout)).to.include({ rollout_id: 'o1' })
    expect(tried(late, activated('r1'), started('r1', 'o1', 5)), 'the rollout never came').to.deep.equal({
      release_id: 'r1',
      attempt: 1,
    })
  })
})
