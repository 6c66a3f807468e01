import { EventStoreDBClient, WrongExpectedVersionError } from '@eventstore/db-client'
import { LRUCache } from 'lru-cache'
import { v5 as uuid } from 'uuid'
import { statSync } from 'node:fs'
import { Chain } from '../audit/chain.ts'
import { verifyExport } from '../audit/verifyingExport.ts'
import { openRawAppends, type RawAppends } from '../platform/rawAppends.ts'
import { appendRaw, type NewRawEvent, type RawEvent, readRaw } from '../platform/rawEvents.ts'
import { lineOf, readExport } from './exportFile.ts'

type Progress = (done: number, total: number) => void
type Event = Omit<RawEvent, 'position'>

export interface Imported {
  /** Lines that the log has now; how many of them it had from an import that was broken off. */
  lines: number
  before: number
  head: string
}

const namespace = 'a6f0d0d1-6f2b-4f39-9a55-0b2c0f6e7d11'
/** Events of one stream that stand together are appended together. */
const together = 500
/** Of others it is asked. */
const rememberedStreams = 100_000

/**
 * Appends an export to an empty log, or to one that holds the beginning of this very export: events as they were, in their order, at their revisions.
 * The export is verified first; nothing is appended of one that is not whole, or to a log that holds anything else.
 */
export async function importEvents(url: string, file: string, onProgress: Progress): Promise<Imported> {
  const { fault, head } = await verifyExport(file, undefined, () => undefined)
  if (fault !== undefined) throw new Error(fault)
  const total = statSync(file).size
  const client = EventStoreDBClient.connectionString(url)
  const known = linesOfLog(client)
  const appends = await openRawAppends(client)
  try {
    const writer = new Writer(client, appends)
    let [lines, before, isNew] = [0, 0, false]
    for await (const { line, what, bytes } of readExport(file)) {
      if ('lines' in what) break
      lines++
      const there = isNew ? undefined : (await known.next()).value
      isNew ||= there === undefined
      if (there !== undefined && there !== line)
        throw new Error(`The log at ${new URL(url).host} holds something else than this export, from line ${lines} on`)
      if (isNew) await writer.write(what)
      else before++
      onProgress(bytes, total)
    }
    await writer.settle()
    if (!isNew && (await known.next()).value !== undefined)
      throw new Error('The log holds more than this export: nothing was added')
    if (isNew && (await headOf(client)) !== head)
      throw new Error('The log holds the events of this export, but not in its order: begin again, with an empty one')
    return { lines, before, head }
  } finally {
    await appends.close()
    await known.return(undefined)
    await client.dispose()
  }
}

/** Whether an import would find anything there. */
export async function holdsEvents(url: string): Promise<boolean> {
  const client = EventStoreDBClient.connectionString(url)
  const lines = linesOfLog(client)
  try {
    return (await lines.next()).value !== undefined
  } finally {
    await lines.return(undefined)
    await client.dispose()
  }
}

/** As an export of it would be. */
async function* linesOfLog(client: EventStoreDBClient): AsyncGenerator<string, undefined> {
  const chain = new Chain()
  for await (const events of readRaw(client, undefined))
    for (const event of events) {
      const line = lineOf(event, chain, new Set())
      if (line !== undefined) yield line
    }
  return undefined
}

/** Of the audit chain over all that the log has. */
async function headOf(client: EventStoreDBClient): Promise<string> {
  const chain = new Chain()
  for await (const events of readRaw(client, undefined)) for (const event of events) chain.add(event)
  return chain.head
}

/** Sends what goes on where its stream ended without waiting; all else once everything before is stored. */
class Writer {
  readonly #client: EventStoreDBClient
  readonly #appends: RawAppends
  /** By stream, the revision that was sent last. */
  readonly #last = new LRUCache<string, bigint>({ max: rememberedStreams })
  #run: Event[] = []

  constructor(client: EventStoreDBClient, appends: RawAppends) {
    this.#client = client
    this.#appends = appends
  }

  async write(what: { event: Event } | { ended: string }): Promise<void> {
    if ('ended' in what) {
      await this.settle()
      await this.#client.tombstoneStream(what.ended)
      return
    }
    const { event } = what
    const last = this.#run.at(-1)
    const goesOn = last?.stream === event.stream && last.revision + 1n === event.revision
    if (!goesOn || this.#run.length >= together) await this.#flush()
    this.#run.push(event)
  }

  async settle(): Promise<void> {
    await this.#flush()
    await this.#appends.settled()
  }

  async #flush(): Promise<void> {
    const [run, first] = [this.#run, this.#run[0]]
    if (!first) return
    this.#run = []
    const before = first.revision - 1n
    const isNext = (this.#last.get(first.stream) ?? -1n) === before
    this.#last.set(first.stream, run.at(-1)!.revision)
    if (isNext) return this.#appends.append(first.stream, run, before)
    await this.#appends.settled()
    await this.#appendBehindGap(first, run)
  }

  /** Its stream was sent long ago, or in an earlier import, or what it had before has expired. */
  async #appendBehindGap(first: Event, run: readonly Event[]): Promise<void> {
    const append = () => appendRaw(this.#client, first.stream, run, first.revision - 1n)
    try {
      await append()
    } catch (error) {
      if (!(error instanceof WrongExpectedVersionError)) throw error
      // What is missing before it had expired: the revisions go on as if it were there.
      const last = typeof error.actualVersion === 'bigint' ? error.actualVersion : -1n
      if (last >= first.revision) throw new Error(`${first.stream} has a revision ${last} already`, { cause: error })
      await this.#fill(first.stream, last, first.revision)
      await append()
    }
  }

  async #fill(stream: string, last: bigint, until: bigint): Promise<void> {
    for (let from = last; from + 1n < until; from += BigInt(together)) {
      const count = Math.min(together, Number(until - 1n - from))
      const events = Array.from({ length: count }, (_, i): NewRawEvent => ({
        id: uuid(`${stream} ${from + 1n + BigInt(i)}`, namespace),
        type: '$expired',
        isJson: true,
        data: Buffer.from('{}'),
        metadata: Buffer.alloc(0),
      }))
      await appendRaw(this.#client, stream, events, from)
    }
  }
}
