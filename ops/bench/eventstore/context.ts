import type { EventStoreDBClient, Position } from '@eventstore/db-client'
import type { Session } from '../bench.ts'
import type { Child } from '../scratch.ts'

export interface Server {
  child: Child<{ port: number }>
  client: EventStoreDBClient
}

export interface Context {
  readonly session: Session
  readonly folder: string
  readonly store: Server
  /** The server with nothing behind it. */
  readonly ceiling: Server
  /** How many events the store is filled with. */
  readonly events: number
  readonly writers: readonly number[]
}

/** What the store was filled with: where in $all it is to be found. */
export interface Filled {
  /** Streams of 50 events, each event appended by itself. */
  readonly streams: readonly string[]
  readonly singles: Region
  /** Events of batches. */
  readonly batches: Region
  /** The last of the batches, few enough for a subscription through the client. */
  readonly tail: Region
}

export interface Region {
  readonly from: Position
  readonly count: number
}
