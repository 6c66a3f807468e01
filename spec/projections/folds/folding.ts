import type { Recorded } from '../../../ops/platform/eventStore.ts'
import { foldBatch, type Row } from '../../../projections/engine/fold.ts'
import type { AnyProjection, Projection } from '../../../projections/engine/projection.ts'
import { frozen } from '../../domain/frozen.ts'

export const at = '2026-11-24T09:00:00.000Z'
export const later = '2026-11-24T10:00:00.000Z'
export const id = (n: number) => `0b1c2d3e-0000-4000-8000-${String(n).padStart(12, '0')}`

export type Event = [stream: string, type: string, data: Record<string, unknown>, more?: Partial<Recorded>]

/** As they come from the log, in this order. */
export const recorded = (events: readonly Event[]): Recorded[] =>
  events.map(([stream, type, data, more], i) =>
    frozen({
      id: id(900 + i),
      stream,
      type,
      revision: i,
      position: 9_007_199_254_740_993n + BigInt(i),
      data,
      metadata: { schema: 1 },
      ...more,
    }),
  )

type Rows = ReadonlyMap<string, Row>

/** Folds a batch over rows as stored. Rows and events are frozen: a fold that changed one in place would throw. */
export async function fold(projection: AnyProjection, events: readonly Event[], stored: Rows = new Map()) {
  const loads: (readonly string[])[] = []
  const changes = await foldBatch(projection, recorded(events), (ids) => {
    loads.push(ids)
    return Promise.resolve(new Map(ids.flatMap((id) => (stored.has(id) ? [[id, stored.get(id)!]] : []))))
  })
  return { ...changes, loads }
}

/** The rows after each batch in turn. */
export async function rowsAfter(
  projection: AnyProjection,
  ...batches: readonly (readonly Event[])[]
): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>()
  for (const events of batches) {
    const { rows: changed, poison } = await fold(projection, events, rows)
    if (poison) throw poison.error
    for (const [id, row] of changed) {
      if (row) rows.set(id, frozen(row))
      else rows.delete(id)
    }
  }
  return rows
}

/** What a read model shows after these events, in words and in rows. */
export interface Scenario {
  projection: Projection
  promise: string
  events: Event[]
  rows: Row[]
}

/** Writes down one scenario after the other. */
export const promiseIn =
  (scenarios: Scenario[]) =>
  (projection: Projection, words: string, events: Event[], ...rows: Row[]): void =>
    void scenarios.push({ projection, promise: words, events, rows })
