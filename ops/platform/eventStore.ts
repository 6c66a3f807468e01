import type { Sealing } from './sealing.ts'

export interface NewEvent {
  id: string
  type: string
  data: Record<string, any>
  metadata: Record<string, any>
}

/** A stored event with its personal fields opened. Positions order all events; revisions those of one stream, from 0. */
export interface Recorded {
  id: string
  stream: string
  type: string
  revision: number
  position: bigint
  data: Record<string, any>
  metadata: Record<string, any>
  /** As the metadata have it; given where they are only parsed when somebody looks at them. */
  readonly schema?: number
  /** The data in JSON, as they were stored; absent where they are the same as `data`. */
  json?: string
  /** Why the personal fields could not be opened; they are then still as stored. */
  unreadable?: Error
}

/** Oldest first, or newest first. */
export type Direction = 'forwards' | 'backwards'

export type ExpectedRevision = 'no_stream' | number

export interface FollowOptions {
  /** Follow what comes after this position; undefined: from the first event. */
  after?: bigint | undefined
  /** Only streams whose names begin so; all but system events when absent. */
  prefixes?: string[]
  /** Only events of these types, of whichever stream. */
  types?: string[]
  signal: AbortSignal
  /** Called when the subscription broke and will be made again. */
  onBroken?: (error: Error) => void
  /** Called whenever everything the log has was yielded and the consumer asks for more. */
  onCaughtUp?: () => void
}

export interface EventStore {
  sealing: Sealing
  /** Atomic and durable, or RevisionConflict. An unknown outcome repeats the same append before it gives up as Unavailable. */
  append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
  ): Promise<{ revision: number; position: bigint }>
  /**
   * The events of one stream, oldest first unless asked otherwise, from where it begins that way or from that revision on; empty when it does not
   * exist. Throws StreamGone, and where an event cannot be unsealed, unless such ones are wanted too: they then say why.
   */
  read(
    stream: string,
    options?: { from?: number; max?: number; unreadable?: 'too'; direction?: Direction },
  ): Promise<Recorded[]>
  /**
   * The events of each of these streams, oldest first, by the reader of `readFast` where it can; none of one that does not exist, or not any more.
   * Those that cannot be unsealed say why.
   */
  readEach(
    streams: readonly string[],
    onFallback?: (why: Error) => void,
  ): Promise<ReadonlyMap<string, readonly Recorded[]>>
  /** All events in order, in batches of what has arrived; never ends but by its signal, subscribes again by itself. */
  follow(options: FollowOptions): AsyncGenerator<Recorded[]>
  /** All events up to the end as it is now, oldest first. */
  readAll(after: bigint | undefined): AsyncGenerator<Recorded[]>
  /** The same, several times as fast, by a reader of our own; by the client where the server does not answer as that one expects. */
  readFast(after: bigint | undefined, onFallback: (why: Error) => void): AsyncGenerator<Recorded[]>
  /**
   * The events of all streams beyond this position, that is after it or before it; of the whole log where it is undefined. Personal fields are as
   * stored. So many are looked at, the server's own among them, which are left out. `next`: the position to go on beyond; undefined where the log
   * ends that way. The position must be one of an event, whichever.
   */
  readPart(
    direction: Direction,
    beyond: bigint | undefined,
    most: number,
  ): Promise<{ events: Recorded[]; next?: bigint }>
  /** Ends the stream for good: it reads as StreamGone from then on, and so it does when it is ended already. */
  tombstone(stream: string): Promise<void>
  /** Keeps so many of its newest events, and none older than that; the stream need not be there yet. */
  keepOnly(stream: string, limits: { maxCount: number; maxAgeSecs?: number }): Promise<void>
  /** The position of the newest event that is none of the server's own; undefined in an empty log. */
  head(): Promise<bigint | undefined>
  /** Which event is at this position; `gone`: there is none, but some behind it; `beyond`: the log does not get there. */
  eventAt(position: bigint): Promise<{ id: string; stream: string; revision: number } | 'gone' | 'beyond'>
  /** The position of the newest event stored before this time; undefined when there is none. */
  positionBefore(time: Date): Promise<bigint | undefined>
  close(): Promise<void>
}
