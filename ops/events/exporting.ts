import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { EventStoreDBClient } from '@eventstore/db-client'
import { Chain } from '../audit/chain.ts'
import { endOfLog, type RawEvent, readRaw } from '../platform/rawEvents.ts'
import { footLine, headLine, lineOf } from './exportFile.ts'

type Progress = (done: number, total: number) => void

export interface Exported {
  lines: number
  /** Those that the audit chain holds, and its head. */
  events: number
  head: string
}

interface Part {
  /** The position where it ends. */
  until?: bigint
  /** What is written for an event; undefined: nothing. */
  taken?: (event: RawEvent) => RawEvent | undefined
}

/**
 * Writes the whole log, as far as it goes now, to a file that must not be there yet; it is there as a whole or not at all. Streams that were ended for
 * good, such as the key of whoever was erased, are left out but for that.
 */
export async function exportEvents(
  url: string,
  file: string,
  onProgress: Progress,
  { until, taken = (event) => event }: Part = {},
): Promise<Exported> {
  if (existsSync(file)) throw new Error(`${file} is there already`)
  const client = EventStoreDBClient.connectionString(url)
  const draft = `${file}.part`
  try {
    const end = until ?? (await endOfLog(client))
    const gone = await goneStreams(client)
    const chain = new Chain()
    let lines = 0
    async function* pieces() {
      yield `${headLine}\n`
      if (end !== undefined)
        for await (const events of readRaw(client, undefined)) {
          const text: string[] = []
          for (const event of events) {
            if (event.position > end) break
            const written = taken(event)
            const line = written && lineOf(written, chain, gone)
            if (line !== undefined) text.push(`${line}\n`)
          }
          lines += text.length
          if (text.length > 0) yield text.join('')
          const { position } = events.at(-1)!
          onProgress(Number(position), Number(end))
          if (position >= end) break
        }
      yield `${footLine(lines, chain.head)}\n`
    }
    await pipeline(pieces, createGzip({ level: 6 }), createWriteStream(draft, { mode: 0o600, flush: true }))
    renameSync(draft, file)
    return { lines, events: chain.length, head: chain.head }
  } finally {
    rmSync(draft, { force: true })
    await client.dispose()
  }
}

/** Not all of what they had needs to be scavenged yet. */
async function goneStreams(client: EventStoreDBClient): Promise<ReadonlySet<string>> {
  const gone = new Set<string>()
  for await (const events of readRaw(client, undefined, { type: '$streamDeleted' }))
    for (const { stream } of events) gone.add(stream)
  return gone
}
