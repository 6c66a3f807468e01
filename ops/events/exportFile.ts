import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import type { Chain } from '../audit/chain.ts'
import type { RawEvent } from '../platform/rawEvents.ts'

/**
 * An export is NDJSON under gzip: a line that says what it is, one of each event in the order of the log, and one that ends it. Bytes that are
 * UTF-8, such as all JSON, are kept as the text they are; others as base64. `chain` is the hash of the audit chain up to this event, where it is
 * part of that.
 */
export const format = 'xylolabs-events-1'

const Event = z.strictObject({
  stream: z.string(),
  revision: z.string().regex(/^\d{1,19}$/),
  id: z.uuid(),
  type: z.string(),
  json: z.boolean(),
  data: z.string().optional(),
  data_base64: z.base64().optional(),
  metadata: z.string().optional(),
  metadata_base64: z.base64().optional(),
  chain: z.string().optional(),
})
/** The stream was ended for good here; what it had is not in the export. */
const Ended = z.strictObject({ ended: z.string() })
const Head = z.strictObject({ format: z.literal(format) })
const Foot = z.strictObject({ lines: z.int(), head: z.string() })

export type Line =
  | { event: Omit<RawEvent, 'position'>; chain?: string }
  | { ended: string }
  /** The last one: how many there were before it, and the head of the audit chain. */
  | z.infer<typeof Foot>

const bytesOf = (text: string | undefined, base64: string | undefined) =>
  text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text, 'utf8')
const fieldOf = (name: 'data' | 'metadata', bytes: Buffer) =>
  isUtf8(bytes) ? { [name]: bytes.toString('utf8') } : { [`${name}_base64`]: bytes.toString('base64') }

export const headLine = JSON.stringify({ format } satisfies z.infer<typeof Head>)
export const footLine = (lines: number, head: string) => JSON.stringify({ lines, head } satisfies z.infer<typeof Foot>)

/** The line of whatever of the log is exported; chains what it writes. Undefined for what the store keeps for itself. */
export function lineOf(event: RawEvent, chain: Chain, gone: ReadonlySet<string>): string | undefined {
  const { stream, revision, id, type, isJson, data, metadata } = event
  if (type === '$streamDeleted' && !stream.startsWith('$')) return JSON.stringify({ ended: stream })
  const isMetadata = type === '$metadata' && /^\$\$[^$]/.test(stream)
  if (!isMetadata && (type.startsWith('$') || stream.startsWith('$'))) return undefined
  if (gone.has(isMetadata ? stream.slice(2) : stream)) return undefined
  const isChained = chain.add(event)
  return JSON.stringify({
    ...{ stream, revision: String(revision), id, type, json: isJson },
    ...fieldOf('data', data),
    ...fieldOf('metadata', metadata),
    ...(isChained && { chain: chain.head }),
  })
}

/**
 * The lines of an export with what they mean, and the bytes of the file read so far. Throws, by the number of the line, where it is none, and at the
 * end of one that ends too early.
 */
export async function* readExport(file: string): AsyncGenerator<{ line: string; what: Line; bytes: number }> {
  const source = createReadStream(file)
  const unpacked = source.pipe(createGunzip())
  source.on('error', (error) => unpacked.destroy(error))
  const broken = new Promise<never>((_, reject) => unpacked.on('error', reject))
  broken.catch(() => undefined)
  let number = 0
  let foot: z.infer<typeof Foot> | undefined
  const lines = createInterface({ input: unpacked, crlfDelay: Infinity })[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { value: line, done } = await Promise.race([lines.next(), broken])
      if (done) break
      number++
      if (foot) throw new Error(`Line ${number} of ${file} comes after its end`)
      const parsed = parsedLine(line, number, file)
      if ('format' in parsed) continue
      if ('lines' in parsed) {
        foot = parsed
        if (foot.lines !== number - 2)
          throw new Error(`${file} has ${number - 2} lines of events, and says it has ${foot.lines}`)
      }
      yield { line, what: parsed, bytes: source.bytesRead }
    }
  } finally {
    source.destroy()
    unpacked.destroy()
  }
  if (!foot) throw new Error(`${file} ends too early, after ${number} lines: it is not a whole export`)
}

function parsedLine(line: string, number: number, file: string): Line | z.infer<typeof Head> {
  try {
    const json: unknown = JSON.parse(line)
    if (number === 1) return Head.parse(json)
    if (typeof json === 'object' && json && 'ended' in json) return Ended.parse(json)
    if (typeof json === 'object' && json && 'lines' in json) return Foot.parse(json)
    const { revision, json: isJson, data, data_base64, metadata, metadata_base64, chain, ...named } = Event.parse(json)
    return {
      event: {
        ...named,
        revision: BigInt(revision),
        isJson,
        data: bytesOf(data, data_base64),
        metadata: bytesOf(metadata, metadata_base64),
      },
      ...(chain !== undefined && { chain }),
    }
  } catch (error) {
    throw new Error(`Line ${number} of ${file} is no line of an export`, { cause: error })
  }
}
