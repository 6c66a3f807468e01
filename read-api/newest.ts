import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'

/** Events backwards, piece by piece; places are decimals. */
export interface Backwards {
  /** Those before this place (undefined: the end) and the place to go on before; undefined where there are no more. */
  piece(before: string | undefined): Promise<{ events: readonly Recorded[]; next: string | undefined }>
  /** Null: nothing can be before it. */
  placeOf(event: Recorded): string | null
  /** So many are looked at for one answer, in pieces of this size. */
  most: number
  size: number
}

/** The newest of these events before a place; `next`: from where there may be more, also where the work for one answer is done before enough are found. */
export async function newest(
  { piece, placeOf, most, size }: Backwards,
  before: string | undefined,
  wanted: number,
  isWanted: (event: Recorded) => boolean,
): Promise<{ found: Recorded[]; next: string | null }> {
  const found: Recorded[] = []
  let from = before
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
export function inStream(store: Pick<EventStore, 'read'>, stream: string): Backwards {
  const size = 500
  const placeOf = ({ revision }: Recorded) => (revision > 0 ? String(revision) : null)
  return {
    ...{ placeOf, size, most: 5000 },
    piece: async (before) => {
      if (before === '0') return { events: [], next: undefined }
      const from = before === undefined ? {} : { from: Number(before) - 1 }
      const events = await store.read(stream, { ...from, max: size, backwards: true, unreadable: 'too' })
      return { events, next: events.length < size ? undefined : (placeOf(events.at(-1)!) ?? undefined) }
    },
  }
}

/** Of the whole log, by position; the server's own are left out. */
export function inLog(store: Pick<EventStore, 'readBackwards'>): Backwards {
  const size = 500
  return {
    ...{ size, most: 2000, placeOf: ({ position }) => String(position) },
    piece: async (before) => {
      const { events, next } = await store.readBackwards(before === undefined ? undefined : BigInt(before), size)
      return { events, next: next === undefined ? undefined : String(next) }
    },
  }
}
