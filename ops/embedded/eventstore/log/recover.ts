import fs from 'node:fs'
import { Index } from './index.ts'
import { Log } from './log.ts'
import { DamagedLog, openLog, readAt, verifiedRun } from './logFile.ts'
import { flushStartOf, LOG_HEAD, nextMagic, RECORD_HEAD, recordLength } from './record.ts'

/** How much of the end of the log is verified at every start; what lies before is verified when it is read. */
const VERIFIED_AT_START = 1024 * 1024 * 1024

/**
 * Opens the log and its index and settles what a crash left behind: a torn tail is cut, what is not yet indexed is indexed.
 * Throws `DamagedLog`, and changes nothing, where acknowledged events are missing or damaged.
 */
export async function openStore(folder: string): Promise<{ log: Log; index: Index }> {
  const { fd, id } = openLog(folder)
  const index = await Index.open(folder, id)
  const size = fs.fstatSync(fd).size
  if (size < index.complete)
    throw new DamagedLog(
      `${folder}/events.log ends at ${size}, but events up to ${index.complete} were acknowledged: some are missing. ` +
        'Restore a backup, or delete the folder "index" beside it to accept the loss.',
    )
  const from = index.blockAtOrBefore(Math.max(size - VERIFIED_AT_START, LOG_HEAD)) ?? LOG_HEAD
  const end = scan(fd, Math.min(from, index.complete), size, index)
  if (end < size) {
    console.error(`Cut ${size - end} bytes of an append that was never acknowledged off ${folder}/events.log`)
    fs.ftruncateSync(fd, end)
    fs.fdatasyncSync(fd)
  }
  return { log: new Log(fd, id, end), index }
}

/** Verifies and indexes from `from`; returns where the good records end. */
function scan(fd: number, from: number, size: number, index: Index): number {
  for (let at = from; at < size;) {
    const { records, bad } = verifiedRun(fd, at, size)
    const known = Math.max(index.complete - at, 0)
    if (known < records.length) index.add(records.subarray(known), at + known)
    at += records.length
    if (bad === undefined) continue
    refuseDamage(fd, bad, size, index.complete)
    return bad
  }
  return size
}

/** A tail may be cut only if nothing behind `bad` was written once `bad` was durable. */
function refuseDamage(fd: number, bad: number, size: number, complete: number): void {
  const sentence = `events.log is damaged at offset ${bad}, among acknowledged events: it is not served. Restore a backup.`
  if (bad < complete) throw new DamagedLog(sentence)
  const STEP = 16 * 1024 * 1024
  for (let start = bad + 1; start < size; start += STEP) {
    const bytes = readAt(fd, start, Math.min(STEP + 4, size - start))
    for (let found = nextMagic(bytes, 0); found >= 0; found = nextMagic(bytes, found + 1)) {
      const position = start + found
      const length = recordLength(readAt(fd, position, Math.min(RECORD_HEAD, size - position)), 0, position)
      if (length === 0 || position + length > size) continue
      const record = readAt(fd, position, length)
      if (recordLength(record, 0, position) === length && flushStartOf(record, 0) > bad) throw new DamagedLog(sentence)
    }
  }
}
