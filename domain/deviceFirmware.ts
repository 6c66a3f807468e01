import type { Decision, Upcast } from './decider.ts'

/** What is known of the firmware that runs on a device; the stream's id is the device's. */
export const category = 'deviceFirmware'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event = {
  /** The device said so itself, and it is not what it said before. */
  type: 'FirmwareVersionObserved'
  data: { version: string; observed_at: string }
}

export type State = { status: 'unknown' } | { status: 'observed'; version: string; observed_at: string }

export const initial: State = { status: 'unknown' }

export function evolve(_state: State, event: Event): State {
  switch (event.type) {
    case 'FirmwareVersionObserved':
      return { status: 'observed', ...event.data }
  }
}

/** Whether a device that says this has said it before: heartbeats repeat it, and only a change is an event. */
export const runs = (state: State, version: string): boolean => state.status === 'observed' && state.version === version

export const observe =
  (data: Event['data']): Decision<State, Event> =>
  (state) =>
    runs(state, data.version) ? [] : [{ type: 'FirmwareVersionObserved', data }]

export const history: Record<Event['type'], readonly Upcast[]> = {
  FirmwareVersionObserved: [],
}
