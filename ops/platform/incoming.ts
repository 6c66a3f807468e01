import { json } from 'node:stream/consumers'
import { isMissing, type Listed, type Objects } from './objects.ts'
import type { Intent } from './route.ts'

/** A recording that comes in pieces, as it was announced. */
export interface Announced {
  id: string
  size_bytes: number
  facility_id: string
  device_id?: string
  /** As the client wrote it. */
  metadata: Record<string, string | null>
  /** In the name of this request its recording will be received, whoever sees to it. */
  intent: Intent
  created_at: string
  /** What became of it, once it was complete. */
  upload_id?: string
}

export interface Progress {
  announced: Announced
  /** So many bytes are here, without a gap. */
  offset: number
  /** When the last of them came. */
  touched_at: Date
}

/**
 * Recordings that come in pieces. All that is known of them is in the object store, so that any instance goes on where another one stopped:
 * `incoming/<id>/info.json`, and `incoming/<id>/<offset>-<length>` for every piece. Pieces are never written over by others: two writers
 * that do not know of each other, both of them with the same bytes, can only say the same twice.
 */
export interface Incoming {
  /** Keeps what was announced; of a repeated announcement the first one. */
  announce(announced: Announced): Promise<Announced>
  read(id: string): Promise<Progress | undefined>
  putPiece(id: string, offset: number, bytes: Buffer): Promise<void>
  /** All of its bytes, in their order. */
  bytes(id: string): AsyncIterable<Buffer>
  /** Remembers what became of it, and drops its pieces. */
  settle(announced: Announced, upload_id: string): Promise<void>
  /** Drops all of it; what was announced goes last, so that half of it can be dropped again. */
  remove(id: string): Promise<void>
  /** Everything that lies there, by id, with the time at which it was last added to. */
  all(): AsyncIterable<{ id: string; touched_at: Date }>
}

const root = 'incoming'
const digits = 15
const infoKey = (id: string) => `${root}/${id}/info.json`
const padded = (offset: number) => String(offset).padStart(digits, '0')

interface Piece {
  key: string
  start: number
  end: number
}

function pieceOf({ key }: Listed): Piece | undefined {
  const [, start, length] = /\/(\d{15})-(\d+)$/.exec(key) ?? []
  return start === undefined ? undefined : { key, start: Number(start), end: Number(start) + Number(length) }
}

/** Those that follow upon each other from the first byte on: where several begin alike, the one that reaches furthest. */
function contiguous(pieces: readonly Piece[]): Piece[] {
  const sorted = [...pieces].sort((one, other) => one.start - other.start)
  const chain: Piece[] = []
  let furthest: Piece | undefined
  for (let next = 0, reach = 0; ; reach = furthest.end) {
    for (; next < sorted.length && sorted[next]!.start <= reach; next++)
      if (sorted[next]!.end > (furthest?.end ?? 0)) furthest = sorted[next]
    if (!furthest || furthest.end <= reach) return chain
    chain.push(furthest)
  }
}

export function incomingIn(objects: Objects): Incoming {
  async function listed(id: string): Promise<{ pieces: Piece[]; touched_at: Date }> {
    const pieces: Piece[] = []
    let touched_at = new Date(0)
    for await (const one of objects.list(`${root}/${id}/`)) {
      const piece = pieceOf(one)
      if (piece) pieces.push(piece)
      if (one.modified_at > touched_at) touched_at = one.modified_at
    }
    return { pieces: contiguous(pieces), touched_at }
  }

  async function announcedAs(id: string): Promise<Announced | undefined> {
    try {
      return (await json(await objects.get(infoKey(id)))) as Announced
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  const keep = async (announced: Announced) =>
    void (await objects.put(infoKey(announced.id), only(Buffer.from(JSON.stringify(announced))), 'application/json'))

  async function dropPieces(id: string) {
    for await (const { key } of objects.list(`${root}/${id}/`)) if (key !== infoKey(id)) await objects.remove(key)
  }

  return {
    announce: async (announced) => {
      const first = await announcedAs(announced.id)
      if (!first) await keep(announced)
      return first ?? announced
    },
    read: async (id) => {
      const announced = await announcedAs(id)
      if (!announced) return undefined
      const { pieces, touched_at } = await listed(id)
      const offset = announced.upload_id === undefined ? (pieces.at(-1)?.end ?? 0) : announced.size_bytes
      return { announced, offset, touched_at }
    },
    putPiece: async (id, offset, bytes) =>
      void (await objects.put(
        `${root}/${id}/${padded(offset)}-${bytes.length}`,
        only(bytes),
        'application/octet-stream',
      )),
    bytes: async function* (id) {
      let at = 0
      for (const { key, start, end } of (await listed(id)).pieces) {
        const range = { offset: at - start, length: end - at }
        for await (const chunk of await objects.get(key, range)) yield chunk as Buffer
        at = end
      }
    },
    settle: async (announced, upload_id) => {
      await keep({ ...announced, upload_id })
      await dropPieces(announced.id)
    },
    remove: async (id) => {
      await dropPieces(id)
      await objects.remove(infoKey(id))
    },
    all: async function* () {
      let found: { id: string; touched_at: Date } | undefined
      for await (const { key, modified_at } of objects.list(`${root}/`)) {
        const id = key.split('/')[1]!
        if (found && found.id !== id) yield found
        const isLater = found?.id !== id || modified_at > found.touched_at
        if (isLater) found = { id, touched_at: modified_at }
      }
      if (found) yield found
    },
  }
}

async function* only(bytes: Buffer) {
  yield bytes
}
