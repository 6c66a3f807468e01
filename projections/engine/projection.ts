import type { AnyEvent } from '../../domain/decider.ts'
import type { DomainEvent } from '../../domain/events.ts'

/** An event as a fold sees it: today's shape, personal fields opened. Times and ids come from it alone. */
export interface Occurred<Event extends AnyEvent = AnyEvent> {
  /** What the stream is about: `b1…` of `facility-b1…`. */
  readonly id: string
  readonly stream: string
  readonly type: Event['type']
  readonly revision: number
  /** Decimal text. */
  readonly position: string
  readonly data: Event['data']
}

type Of<Type> = Occurred<Extract<DomainEvent, { type: Type }>>

/** The same reference back: unchanged. Null: the row goes. A row that does not exist is not folded. */
export type FoldRow<Row, Type> = (row: Row, event: Of<Type>) => Row | null

export type Handler<Row, Type> =
  | FoldRow<Row, Type>
  /** A new id: nothing is looked up. */
  | { create: (event: Of<Type>) => Row }
  /** Rows that the event names; null stands for one that does not exist. */
  | {
      rows: (event: Of<Type>) => readonly (string | undefined)[]
      fold: (row: Row | null, event: Of<Type>) => Row | null
    }

interface Named {
  name: string
  /** Raising it builds `<name>_v<version>` beside the live table. */
  version: number
  /** Column lists, as in `create index … on t (<here>)`; or `using gin (…)`. */
  indexes: readonly string[]
}

/** A table, a version and a pure fold of one row. No SQL, no clock, no side effects. */
export interface Projection<Row extends { id: string } = any> extends Named {
  on: { readonly [Type in DomainEvent['type']]?: Handler<Row, Type> }
}

/** An event of whatever type and shape: nothing is lifted, nothing can be undecodable. */
export interface AsStored extends Omit<Occurred, 'data'> {
  readonly eventId: string
  readonly stored: Record<string, any>
  /** Its data in JSON, as they were stored: personal fields sealed. */
  readonly json: string
  readonly metadata: Record<string, any>
}

/** Rows that are only ever added. */
export interface AppendOnly<Row = any> extends Named {
  each: (event: AsStored) => readonly Row[]
}

export type AnyProjection = Projection | AppendOnly

export const tableOf = ({ name, version }: Named) => `${name}_v${version}`
export const isAppendOnly = (projection: AnyProjection): projection is AppendOnly => 'each' in projection
