import { decode, fold } from '../../domain/decider.ts'
import * as Projection from '../../domain/projection.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import type { AnyProjection } from './projection.ts'

/** Whether the event at this position is passed over. */
export type Skipped = (projection: string, position: bigint) => boolean

/** What operators have said about projections. */
export interface Orders {
  skipped: Skipped
  /** The positions that a projection passes over. */
  skippedBy(projection: string): readonly string[]
  /** The version to show: the one given, unless somebody went back from it; then the one they went back to. */
  wanted(projection: string, newest: number, promotes: 'auto' | 'manual'): number | undefined
  /** The version last promoted or gone back to; undefined where nobody has said anything. */
  shown(projection: string): number | undefined
  /** The position of the last thing said; -1 where nothing was. */
  latest: bigint
}

/** From the projections' own streams: what was said once holds for every later build, on whatever database. */
export async function readOrders(store: EventStore, projections: readonly AnyProjection[]): Promise<Orders> {
  const names = [...new Set(projections.map(({ name }) => name))]
  let latest = -1n
  const states = new Map(
    await Promise.all(
      names.map(async (name) => {
        const stored = await store.read(`${Projection.category}-${name}`)
        const last = stored.at(-1)?.position ?? -1n
        if (last > latest) latest = last
        const events = stored.map(({ type, data, metadata }) =>
          decode(Projection, { type, data, schema: metadata['schema'] as number }),
        )
        return [name, fold(Projection, events)] as const
      }),
    ),
  )
  const skippedBy = (name: string) => states.get(name)?.skipped ?? []
  return {
    latest,
    skippedBy,
    skipped: (name, position) => {
      const positions = skippedBy(name)
      return positions.length > 0 && positions.includes(String(position))
    },
    shown: (name) => states.get(name)?.shown,
    wanted: (name, newest, promotes) => {
      const { shown, withdrawn } = states.get(name) ?? Projection.initial
      return promotes === 'auto' && !withdrawn.includes(newest) ? newest : shown
    },
  }
}
