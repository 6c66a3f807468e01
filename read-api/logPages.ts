import type { Direction, EventStore, Recorded } from '../ops/platform/eventStore.ts'

/** A way through events, piece by piece; places are decimals. */
export interface Way {
  /** Those beyond this place (undefined: from where the way begins) and the place to go on beyond; undefined where there are no more. */
  piece(beyond: string | undefined): Promise<{ events: readonly Recorded[]; next: string | undefined }>
  /** Null: nothing can be beyond it. */
  placeOf(event: Recorded): string | null
  /** So many are looked at for one answer, in pieces of this size. */
  most: number
  size: number
}

/** The first of these events beyond a place; `next`: from where there may be more, also where the work for one answer is done before enough are found. */
export async function pageOf(
  { piece, placeOf, most, size }: Way,
  beyond: string | undefined,
  wanted: number,
  isWanted: (event: Recorded) => boolean,
): Promise<{ found: Recorded[]; next: string | null }> {
  const found: Recorded[] = []
  let from = beyond
  for (let looked = 0; looked < most; looked += size) {
    const { events, next } = await piece(from)
    for (const event of events) {
      if (isWanted(event)) found.push(event)
      if (found.length === wanted) return { found, next: placeOf(event) }
    }
    if (next === undefined) return { found, next: null }
    from = next
  }
  return { found, next: from ?? null }
}

/** Of one stream, by revision. */
export function inStream(
  store: Pick<EventStore, 'read'>,
  stream: string,
  direction: Direction,
  /** The first revision to be looked at. */
  first?: number,
): Way {
  const size = 500
  const isBack = direction === 'backwards'
  const placeOf = ({ revision }: Recorded) => (isBack && revision === 0 ? null : String(revision))
  return {
    ...{ placeOf, size, most: 5000 },
    piece: async (beyond) => {
      if (isBack && beyond === '0') return { events: [], next: undefined }
      const from = beyond === undefined ? first : Number(beyond) + (isBack ? -1 : 1)
      const begin = from === undefined ? {} : { from }
      const events = await store.read(stream, { ...begin, direction, max: size, unreadable: 'too' })
      return { events, next: events.length < size ? undefined : (placeOf(events.at(-1)!) ?? undefined) }
    },
  }
}

/** The same way from this event on, itself included. */
export const startingWith = (first: Recorded, way: Way): Way => ({
  ...way,
  piece: (beyond) =>
    beyond === undefined
      ? Promise.resolve({ events: [first], next: way.placeOf(first) ?? undefined })
      : way.piece(beyond),
})

/** Of the whole log, by position; the server's own are left out. */
export function inLog(store: Pick<EventStore, 'readPart'>, direction: Direction): Way {
  const size = 500
  return {
    ...{ size, most: 2000, placeOf: ({ position }) => String(position) },
    piece: async (beyond) => {
      const { events, next } = await store.readPart(direction, beyond === undefined ? undefined : BigInt(beyond), size)
      return { events, next: next === undefined ? undefined : String(next) }
    },
  }
}
