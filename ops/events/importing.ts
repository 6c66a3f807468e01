import { EventStoreDBClient, WrongExpectedVersionError } from '@eventstore/db-client'
import { v5 as uuid } from 'uuid'
import { statSync } from 'node:fs'
import { Chain } from '../audit/chain.ts'
import { verifyExport } from '../audit/verifyingExport.ts'
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
  try {
    const writer = new Writer(client)
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
    await writer.flush()
    if (!isNew && (await known.next()).value !== undefined)
      throw new Error('The log holds more than this export: nothing was added')
    return { lines, before, head }
  } finally {
    await known.return(undefined)
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

class Writer {
  readonly #client: EventStoreDBClient
  #run: Event[] = []

  constructor(client: EventStoreDBClient) {
    this.#client = client
  }

  async write(what: { event: Event } | { ended: string }): Promise<void> {
    if ('ended' in what) {
      await this.flush()
      await this.#client.tombstoneStream(what.ended)
      return
    }
    const { event } = what
    const last = this.#run.at(-1)
    const goesOn = last?.stream === event.stream && last.revision + 1n === event.revision
    if (!goesOn || this.#run.length >= together) await this.flush()
    this.#run.push(event)
  }

  async flush(): Promise<void> {
    const [first] = this.#run
    if (!first) return
    const append = () => appendRaw(this.#client, first.stream, this.#run, first.revision - 1n)
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
    this.#run = []
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
