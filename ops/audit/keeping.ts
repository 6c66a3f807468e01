import { setTimeout as delay } from 'node:timers/promises'
import { EventStoreDBClient } from '@eventstore/db-client'
import type { Database } from '../platform/database.ts'
import { translated, Unavailable } from '../platform/eventStoreErrors.ts'
import type { Log } from '../platform/log.ts'
import { type RawEvent, readRaw } from '../platform/rawEvents.ts'
import { Chain } from './chain.ts'

/** How long an event may be in the log before the chain holds it. */
const everyMs = 1000
/** So long a log that was looked through and does not fit is not looked through again, as long as it is not seen to fit. */
const unfittingMs = 60 * 60_000

export interface KeepingOptions {
  eventStoreUrl: string
  database: Database
  log: Log
  signal: AbortSignal
}

/** Where what is kept ends. */
interface End {
  seq: number
  position: bigint | null
  eventId: string | null
  hash: Buffer
}

/** Up to where the log was looked at, and where the chain ended then. */
interface Seen {
  position: bigint
  end: Buffer
}

/** The log is not the one that the chain was made of, or no longer: it is kept as it is, for `audit:verify` to say where. */
export class Unfitting extends Error {
  override readonly name = 'Unfitting'
  /** Of what is kept. */
  readonly end: Buffer
  at = Date.now()

  constructor(message: string, end: Buffer) {
    super(message)
    this.end = end
  }
}

/**
 * Holds whatever comes into the log to the chain, within about a second, until the signal; any number of instances may. It is beside the
 * read models: nothing that is rebuilt changes it.
 */
export async function keepChain({ eventStoreUrl, database, log, signal }: KeepingOptions): Promise<void> {
  const client = EventStoreDBClient.connectionString(eventStoreUrl)
  try {
    let told: boolean = false
    let seen: Seen | undefined
    let unfitting: Unfitting | undefined
    while (!signal.aborted) {
      try {
        seen = await extend(client, database, signal, { seen, unfitting })
        unfitting = undefined
        told = false
      } catch (error) {
        seen = undefined
        if (signal.aborted) return
        if (error instanceof Unfitting) unfitting = error
        const isNews: boolean = error instanceof Unfitting && !told
        log[isNews ? 'error' : 'debug']({ error }, 'the audit chain was not extended')
        told ||= isNews
      }
      await delay(everyMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    await client.dispose()
  }
}

/**
 * Up to the end of the log as it is now; returns where it got to. What is in the log already is read once, and not every time.
 * @param before `seen`: where it got to the last time: what has come since the end of the chain may be no part of it; `unfitting`: what it
 * threw then
 */
export async function extend(
  client: EventStoreDBClient,
  database: Database,
  signal: AbortSignal,
  { seen, unfitting }: { seen?: Seen | undefined; unfitting?: Unfitting | undefined } = {},
): Promise<Seen | undefined> {
  await database.query(`insert into audit_chain_end (seq, hash) values (0, $1) on conflict do nothing`, [
    new Chain().end,
  ])
  const kept = await endOf(database)
  let last = kept
  if (!(await isAt(client, kept))) {
    if (unfitting?.end.equals(kept.hash) && Date.now() - unfitting.at < unfittingMs) throw unfitting
    last = await found(client, kept, signal)
    await move(database, last)
  }
  let at = last.position ?? undefined
  if (seen?.end.equals(kept.hash)) at = seen.position
  for await (const events of readRaw(client, at)) {
    if (signal.aborted) return undefined
    const chain = new Chain(last.seq, last.hash)
    const added = events
      .filter(({ position }) => last.position === null || position > last.position)
      .flatMap((event) => (chain.add(event) ? [{ event, seq: chain.length, hash: chain.end }] : []))
    at = events.at(-1)!.position
    if (added.length === 0) continue
    const { event, seq, hash } = added.at(-1)!
    const next = { seq, position: event.position, eventId: event.id, hash }
    // Another instance may have been as quick: what it kept is the same.
    if (!(await write(database, last, next, added))) return undefined
    last = next
  }
  return at === undefined ? undefined : { position: at, end: last.hash }
}

async function endOf(database: Database): Promise<End> {
  const { rows } = await database.query<{
    seq: number
    position: string | null
    event_id: string | null
    hash: Buffer
  }>('select seq, position, event_id, hash from audit_chain_end')
  const { seq, position, event_id, hash } = rows[0]!
  return { seq, position: position === null ? null : BigInt(position), eventId: event_id, hash }
}

/** Whether the log has that very event at that position. */
async function isAt(client: EventStoreDBClient, { position, eventId }: End): Promise<boolean> {
  if (position === null) return true
  try {
    for await (const [event] of readRaw(client, position, { max: 1 }))
      return event?.position === position && event.id === eventId
  } catch (error) {
    // Servers differ in what they say to a position that they do not have.
    const known = translated(error, '$all')
    if (known instanceof Unavailable) throw known
  }
  return false
}

/** A log that was exported and imported leads to the same hash, at another position. Throws Unfitting where it does not. */
async function found(client: EventStoreDBClient, kept: End, signal: AbortSignal): Promise<End> {
  const chain = new Chain()
  for await (const events of readRaw(client, undefined)) {
    signal.throwIfAborted()
    for (const event of events) {
      if (!chain.add(event) || chain.length < kept.seq) continue
      if (!chain.end.equals(kept.hash))
        throw new Unfitting('The log no longer leads to what the audit chain holds', kept.hash)
      return { ...kept, position: event.position, eventId: event.id }
    }
  }
  throw new Unfitting(`The log has ${chain.length} events, and the audit chain holds ${kept.seq}`, kept.hash)
}

/** The same end, where this log has it. */
async function move(database: Database, { seq, hash, position, eventId }: End): Promise<void> {
  await database.query(
    'update audit_chain_end set position = $1::numeric, event_id = $2::uuid where seq = $3 and hash = $4',
    [String(position), eventId, seq, hash],
  )
}

async function write(
  database: Database,
  from: End,
  to: End,
  added: readonly { event: RawEvent; seq: number; hash: Buffer }[],
): Promise<boolean> {
  const { rowCount } = await database.query(
    `with moved as (
       update audit_chain_end set seq = $1, position = $2::numeric, event_id = $3::uuid, hash = $4 where seq = $5 and hash = $6 returning 1)
     insert into audit_chain (seq, event_id, hash)
     select u.* from moved, unnest($7::bigint[], $8::uuid[], $9::bytea[]) u`,
    [
      to.seq,
      String(to.position),
      to.eventId,
      to.hash,
      from.seq,
      from.hash,
      added.map(({ seq }) => seq),
      added.map(({ event }) => event.id),
      added.map(({ hash }) => hash),
    ],
  )
  return rowCount === added.length
}
