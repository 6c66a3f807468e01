import type { EventStoreDBClient } from '@eventstore/db-client'
import type { Database } from '../platform/database.ts'
import { type RawEvent, readRaw } from '../platform/rawEvents.ts'
import { Chain, type Chained, nameOf } from './chain.ts'

export interface VerifiedChain {
  /** So many events the log, or the export, chains together. */
  events: number
  /** Of the last of them: whoever keeps it elsewhere can ask for it later. Hex. */
  head: string
  /** So many of them were compared with what was kept. */
  compared: number
  /** So many come after the head that was asked for; undefined where none was asked for. */
  behindHead?: number
  /** What is wrong, for a person; undefined: nothing. */
  fault?: string
}

const keptAtOnce = 5000

interface Kept {
  seq: number
  event_id: string
  hash: Buffer
}

/** Makes the chain anew and holds every link to one that was made before, and its ends to the head asked for. */
export class Verifying {
  readonly #chain = new Chain()
  readonly #head: string | undefined
  #compared = 0
  #headAt: number | undefined

  constructor(head: string | undefined) {
    this.#head = head?.toLowerCase()
    if (this.#head === this.#chain.head) this.#headAt = 0
  }

  get length(): number {
    return this.#chain.length
  }

  get head(): string {
    return this.#chain.head
  }

  /** The fault, if the event does not fit. `kept`: what there is of the event of its number. */
  add(event: Chained, kept: (seq: number) => { eventId?: string; hash: Buffer } | undefined): string | undefined {
    if (!this.#chain.add(event)) return undefined
    const { length, end } = this.#chain
    if (this.#chain.head === this.#head) this.#headAt = length
    const known = kept(length)
    if (!known) return undefined
    this.#compared++
    if (known.hash.equals(end)) return undefined
    const where = `Event ${length} does not fit: ${nameOf(event)}`
    return known.eventId === undefined || known.eventId === event.id
      ? `${where} is not what it was`
      : `${where} is where the chain has the event ${known.eventId}`
  }

  ended(fault?: string): VerifiedChain {
    const { length: events, head } = this.#chain
    const outcome = { events, head, compared: this.#compared }
    if (fault !== undefined) return { ...outcome, fault }
    if (this.#head === undefined) return outcome
    if (this.#headAt !== undefined) return { ...outcome, behindHead: events - this.#headAt }
    return {
      ...outcome,
      fault: `No event leads to the head ${this.#head}: something before it was changed, removed or put in`,
    }
  }
}

interface Options {
  client: EventStoreDBClient
  database: Database
  /** Hex. */
  head?: string | undefined
  onProgress: (position: bigint) => void
}

/** Makes the chain anew from the log and compares it with what was kept of it. */
export async function verifyLog({ client, database, head, onProgress }: Options): Promise<VerifiedChain> {
  const { rows } = await database.query<{ known: number; links: number; end: number }>(
    `select coalesce(max(seq), 0) as known, count(*) as links, (select coalesce(max(seq), 0) from audit_chain_end) as end from audit_chain`,
  )
  const { known, links, end } = rows[0]!
  const verifying = new Verifying(head)
  if (links !== known || end !== known)
    return verifying.ended(`What was kept of the chain was changed: ${links} of ${Math.max(known, end)} links are left`)
  let page: Kept[] = []
  for await (const events of readRaw(client, undefined)) {
    for (const event of events) {
      const seq = verifying.length + 1
      if (seq <= known && seq > (page.at(-1)?.seq ?? 0)) page = await keptFrom(database, seq)
      const fault = verifying.add(event, (seq) => ofKept(page, seq))
      if (fault !== undefined) return verifying.ended(fault)
    }
    onProgress((events.at(-1) as RawEvent).position)
  }
  if (verifying.length >= known) return verifying.ended()
  const [missing] = await keptFrom(database, verifying.length + 1)
  return verifying.ended(
    `The log ends after ${verifying.length} events, and the chain holds ${known}: the event ${missing?.event_id ?? ''} is missing`,
  )
}

function ofKept(page: readonly Kept[], seq: number): { eventId: string; hash: Buffer } | undefined {
  const one = page[seq - (page[0]?.seq ?? 0)]
  return one && { eventId: one.event_id, hash: one.hash }
}

async function keptFrom(database: Database, seq: number): Promise<Kept[]> {
  const { rows } = await database.query<Kept>(
    'select seq, event_id, hash from audit_chain where seq >= $1 order by seq limit $2',
    [seq, keptAtOnce],
  )
  return rows
}
