import { StoredEvent } from '../log/storedEvent.ts'

/** An event that a group has taken from its stream, or from its parked ones, and has not done with yet. */
export interface Message {
  /** As it was found: a link is not resolved. */
  readonly event: StoredEvent
  /** By which it is acknowledged. */
  readonly id: string
  /** Its place in the stream (see `Source`); of a replayed one the revision of its link in the parked stream. */
  readonly place: number
  /** The place of what was looked at before it. */
  readonly before: number
  readonly replayed: boolean
  /** How often it was sent and not dealt with. */
  retries: number
  /** To the consumer that has it now. */
  sent: boolean
  /** `performance.now()` */
  givenAt: number
}

export function messageOf(event: StoredEvent, place: number, before: number, replayed: boolean): Message {
  const own = detached(event)
  return { event: own, id: own.id, place, before, replayed, retries: 0, sent: false, givenAt: 0 }
}

/** Without holding on to everything that was read along with it. */
function detached({ bytes, at, end, position }: StoredEvent): StoredEvent {
  return new StoredEvent(Buffer.from(bytes.subarray(at, end)), 0, position)
}

export const sizeOf = ({ event }: Message): number => event.bytes.length
