import fs from 'node:fs'
import { promisify } from 'node:util'
import type { Index } from './index.ts'
import type { Log } from './log.ts'
import { PlacesWriter } from './places.ts'
import { LOG_HEAD, positionAt, recordOf } from './record.ts'
import { headerBytes, Segment, syncFolder, TEMPORARY } from './segment.ts'
import { eventsOf } from './storedEvent.ts'
import type { StoredEvent } from './storedEvent.ts'

const fdatasync = promisify(fs.fdatasync)
/** Events forgotten by the index in one transaction. */
const FORGOTTEN_AT_ONCE = 1000

/** Which events stay, and what the index calls their streams. */
export interface Keeper {
  keeps(event: StoredEvent): boolean
  numberOf(stream: string): number
}

/**
 * Rewrites the segments that hold events which need not be kept, one after the other, while the store serves. Positions stay. The
 * segment being written ends first, if it holds any. Returns the bytes freed. Throws what the disk says; what was
 * rewritten until then stays rewritten, and nothing is lost.
 */
export async function scavenge(log: Log, index: Index, keeper: Keeper, signal: AbortSignal): Promise<number> {
  let freed = 0
  for (const { start } of [...log.segments]) {
    const at = log.segments.findIndex((segment) => segment.start === start)
    const end = log.segments[at + 1]?.start ?? log.flushed
    if (!(await holdsDroppable(log.segments[at]!, end, keeper, signal))) continue
    if (at === log.segments.length - 1) await log.seal()
    freed += await rewrite(log, log.segments[at]!, index, keeper, signal)
  }
  return freed
}

/** The runs of a segment, giving way to others after each. */
async function* runsOf(segment: Segment, end: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let offset = LOG_HEAD; ;) {
    signal.throwIfAborted()
    const run = segment.run(offset, end)
    if (run.bad) throw segment.damagedAt(run.offset)
    if (run.records.length === 0) return
    yield run.records
    offset = run.offset
    await new Promise(setImmediate)
  }
}

async function holdsDroppable(segment: Segment, end: number, keeper: Keeper, signal: AbortSignal): Promise<boolean> {
  for await (const records of runsOf(segment, end, signal))
    for (let at = 0; at < records.length; at += records.readUInt32LE(at + 4))
      for (const event of eventsOf(records, at)) if (!keeper.keeps(event)) return true
  return false
}

async function rewrite(log: Log, old: Segment, index: Index, keeper: Keeper, signal: AbortSignal): Promise<number> {
  const dropped: { number: number; revision: number }[] = []
  const places = new PlacesWriter()
  const { end } = old
  const before = fs.fstatSync(old.fd).size
  const fd = fs.openSync(old.file + TEMPORARY, 'w', 0o600)
  let size = 0
  const write = (bytes: Buffer) => {
    for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done)
    size += bytes.length
  }
  try {
    write(headerBytes(old.id, old.scavenges + 1))
    for await (const records of runsOf(old, end, signal)) {
      const kept: Buffer[] = []
      let length = 0
      for (let at = 0; at < records.length; at += records.readUInt32LE(at + 4)) {
        const record = keptOf(records, at, keeper, dropped)
        if (!record) continue
        places.note(positionAt(record, 0), size + length)
        kept.push(record)
        length += record.length
      }
      write(Buffer.concat(kept))
    }
    write(places.finish(size, end).toBytes())
    await fdatasync(fd)
  } catch (error) {
    fs.rmSync(old.file + TEMPORARY)
    throw error
  } finally {
    fs.closeSync(fd)
  }
  fs.renameSync(old.file + TEMPORARY, old.file)
  syncFolder(log.folder)
  log.replace(Segment.open(old.file))
  for (let i = 0; i < dropped.length; i += FORGOTTEN_AT_ONCE) {
    index.forget(dropped.slice(i, i + FORGOTTEN_AT_ONCE))
    await new Promise(setImmediate)
  }
  return Math.max(before - size, 0)
}

/** The record without what is dropped of it; undefined if that is all. */
function keptOf(
  records: Buffer,
  at: number,
  keeper: Keeper,
  dropped: { number: number; revision: number }[],
): Buffer | undefined {
  const events = [...eventsOf(records, at)]
  const kept = events.filter((event) => {
    const keeps = keeper.keeps(event)
    if (!keeps) dropped.push({ number: keeper.numberOf(event.stream), revision: event.revision })
    return keeps
  })
  if (kept.length === events.length) return records.subarray(at, at + records.readUInt32LE(at + 4))
  return kept.length === 0 ? undefined : recordOf(records, at, kept)
}
