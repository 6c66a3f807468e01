import fs from 'node:fs'
import path from 'node:path'
import { Index } from './index.ts'
import { Log } from './log.ts'
import { flushStartOf, LOG_HEAD, nextMagic, positionAt, RECORD_HEAD, recordLength } from './record.ts'
import { DamagedLog, readAt, Segment, segmentFiles, TEMPORARY } from './segment.ts'

/** How much of the end of the log is verified at every start; what lies before is verified when it is read. */
const VERIFIED_AT_START = 1024 * 1024 * 1024
/** A new segment begins when one has grown to this. */
const SEGMENT_SIZE = 256 * 1024 * 1024

/**
 * Opens the log and its index and settles what a crash left behind: a torn tail is cut, what is not yet indexed is indexed.
 * Throws `DamagedLog`, and changes nothing, where acknowledged events are missing or damaged.
 */
export async function openStore(folder: string, segmentSize = SEGMENT_SIZE): Promise<{ log: Log; index: Index }> {
  const segments = openSegments(folder)
  const index = await Index.open(folder, segments[0]!.id)
  const size = segments.at(-1)!.end
  if (size < index.complete)
    throw new DamagedLog(
      `The log in ${folder} ends at ${size}, but events up to ${index.complete} were acknowledged: some are missing. ` +
        'Restore a backup, or delete the folder "index" beside it to accept the loss.',
    )
  const from = index.blockAtOrBefore(Math.max(size - VERIFIED_AT_START, LOG_HEAD)) ?? LOG_HEAD
  const end = verify(segments, Math.min(from, index.complete), index)
  return { log: new Log(folder, segments, end, segmentSize), index }
}

/** All segments, of one log and without a gap between them; a first one if there is none. */
export function openSegments(folder: string): Segment[] {
  for (const name of fs.readdirSync(folder)) if (name.endsWith(`.log${TEMPORARY}`)) fs.rmSync(path.join(folder, name))
  const files = segmentFiles(folder)
  if (files.length === 0) return [Segment.create(folder, LOG_HEAD)]
  const segments = files.map((file) => Segment.open(file))
  let end = LOG_HEAD
  for (const segment of segments) {
    if (segment.start !== end || segment.id !== segments[0]!.id)
      throw new DamagedLog(`The log in ${folder} has a gap at position ${end}: it is not served. Restore a backup.`)
    end = segment.end
  }
  // Only an intact one can be written to.
  if (segments.at(-1)!.scavenged) segments.push(Segment.create(folder, end, segments[0]!.id))
  return segments
}

/**
 * Verifies what lies behind position `from`, and indexes what is not yet indexed. Cuts off the torn tail of a flush that never ended;
 * returns the position where the good records end.
 */
export function verify(segments: readonly Segment[], from: number, index?: Pick<Index, 'complete' | 'add'>): number {
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1
    const { end } = segment
    if (end <= from && !last) continue
    let offset = segment.find(Math.max(from, segment.start))
    for (let position = 0; position < end;) {
      const run = segment.run(offset, end)
      if (run.bad && !last) throw segment.damagedAt(run.offset)
      position = segment.positionBehind(run.offset, end)
      if (index && index.complete < position) index.add(unindexed(run.records, index.complete), position)
      offset = run.offset
      if (!run.bad) continue
      cutTail(segment, position, index?.complete ?? LOG_HEAD)
      return position
    }
  }
  return segments.at(-1)!.end
}

/** The records behind position `complete`. */
function unindexed(records: Buffer, complete: number): Buffer {
  let at = 0
  while (at < records.length && positionAt(records, at) < complete) at += records.readUInt32LE(at + 4)
  return records.subarray(at)
}

function cutTail(segment: Segment, position: number, complete: number): void {
  const offset = segment.offsetOf(position)
  const size = fs.fstatSync(segment.fd).size
  const name = path.basename(segment.file)
  if (position < complete || writtenAfter(segment, position, size))
    throw new DamagedLog(
      `${name} is damaged at offset ${offset}, among acknowledged events: it is not served. Restore a backup.`,
    )
  console.error(`Cut ${size - offset} bytes of an append that was never acknowledged off ${name}`)
  fs.ftruncateSync(segment.fd, offset)
  fs.fdatasyncSync(segment.fd)
}

/** Whether anything behind `bad` was written once `bad` was durable: then what is there is no torn tail. */
function writtenAfter(segment: Segment, bad: number, size: number): boolean {
  const { fd } = segment
  const STEP = 16 * 1024 * 1024
  for (let start = segment.offsetOf(bad) + 1; start < size; start += STEP) {
    const bytes = readAt(fd, start, Math.min(STEP + 4, size - start))
    for (let found = nextMagic(bytes, 0); found >= 0; found = nextMagic(bytes, found + 1)) {
      const offset = start + found
      const position = offset - segment.offsetOf(0)
      const length = recordLength(readAt(fd, offset, Math.min(RECORD_HEAD, size - offset)), 0, position)
      if (length === 0 || offset + length > size) continue
      const record = readAt(fd, offset, length)
      if (recordLength(record, 0, position) === length && flushStartOf(record, 0) > bad) return true
    }
  }
  return false
}
