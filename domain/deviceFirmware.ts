import type { Decision, Upcast } from './decider.ts'
import { type FailureKind, isTransient } from './firmwareRollout.ts'

/** What is known of the firmware that runs on a device; the stream's id is the device's. */
export const category = 'deviceFirmware'

export type Outcome = 'installed' | 'failed' | 'rolled_back'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  /** The device said so itself, and it is not what it said before. */
  | { type: 'FirmwareVersionObserved'; data: { version: string; observed_at: string } }
  /** What became of a release on the device, in its own words; model, facility and rollout as they were then. */
  | {
      type: 'FirmwareInstallReported'
      data: {
        release_id: string
        version: string
        device_model: string
        facility_id: string
        outcome: Outcome
        kind?: FailureKind
        detail?: string
        rollout_id?: string
        /** Which try it was: that of the rollout, or of the channel's activation. */
        attempt: number
        reported_at: string
      }
    }

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

export type Report = Data<'FirmwareInstallReported'>

/** How a try ended. */
export type Ended = Pick<Report, 'release_id' | 'version' | 'rollout_id' | 'attempt' | 'outcome' | 'kind'>

export interface State {
  observed?: { version: string; observed_at: string }
  /** The last. */
  report?: Report
  /** How each of the last tries ended, the newest first; a link that dropped takes nothing back of it. */
  ended: readonly Ended[]
}

export const initial: State = { ended: [] }

/** A device says more about older tries than the last one: one that went back tells that it runs what it had before. */
const mostEnded = 8

const isSameTry = (one: Ended, other: Ended): boolean =>
  one.release_id === other.release_id && one.rollout_id === other.rollout_id && one.attempt === other.attempt

const hasDropped = ({ outcome, kind }: Ended): boolean => outcome === 'failed' && isTransient(kind)

function endedAfter(ended: readonly Ended[], report: Report): readonly Ended[] {
  if (hasDropped(report)) return ended
  const { release_id, version, rollout_id, attempt, outcome, kind } = report
  const end = { ...{ release_id, version, attempt, outcome }, ...(rollout_id && { rollout_id }), ...(kind && { kind }) }
  return [end, ...ended.filter((one) => !isSameTry(one, report))].slice(0, mostEnded)
}

export function evolve(state: State, event: Event): State {
  switch (event.type) {
    case 'FirmwareVersionObserved':
      return { ...state, observed: event.data }
    case 'FirmwareInstallReported':
      return { ...state, report: event.data, ended: endedAfter(state.ended, event.data) }
  }
}

/** Whether a device that says this has said it before: heartbeats repeat it, and only a change is an event. */
export const runs = ({ observed }: State, version: string): boolean => observed?.version === version

export const observe =
  (data: Data<'FirmwareVersionObserved'>): Decision<State, Event> =>
  (state) =>
    runs(state, data.version) ? [] : [{ type: 'FirmwareVersionObserved', data }]

/** The same outcome of the same try is a repeat, unless all that was known so far is that a link dropped. What was installed, runs. */
export const report =
  (data: Report): Decision<State, Event> =>
  (state) => {
    const { report: last } = state
    const isRepeat = last && isSameTry(last, data) && last.outcome === data.outcome
    if (isRepeat && hasDropped(last) === hasDropped(data)) return []
    const reported: Event = { type: 'FirmwareInstallReported', data }
    if (data.outcome !== 'installed') return [reported]
    return [reported, ...observe({ version: data.version, observed_at: data.reported_at })(state)]
  }

export const history: Record<Event['type'], readonly Upcast[]> = {
  FirmwareVersionObserved: [],
  FirmwareInstallReported: [],
}
