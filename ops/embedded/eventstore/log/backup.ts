import fs from 'node:fs'
import path from 'node:path'
import { LOG_HEAD } from './record.ts'
import { openSegments, verify } from './recover.ts'
import { readAt, segmentFiles, TEMPORARY } from './segment.ts'

const CHUNK = 1024 * 1024
/** Of a file that a backup goes on with, so much of its end must be what the log has there. */
const COMPARED = 64 * 1024

export interface Copied {
  segments: number
  /** Read and written by this copy; what an earlier one had copied was left alone. */
  bytes: number
  /** The position up to which the copy holds the log. */
  end: number
}

/**
 * Copies the log in folder `from`, which may be written to meanwhile, to folder `to`, and verifies every record of the copy. What was
 * acknowledged before this was called is in it; so may be some of what came later, in order and without gaps. A folder that holds an
 * earlier copy is brought up to date. The index is not copied: it is made anew when a store opens the copy.
 * Throws `DamagedLog`, or an error with a sentence; a copy that was there before is then at least what it was.
 */
export function copyLog(from: string, to: string, progress: (done: number, total: number) => void): Copied {
  const sources = segmentFiles(from).map((file) => ({ name: path.basename(file), fd: fs.openSync(file, 'r') }))
  if (sources.length === 0) throw new Error(`There is no event log in ${from}`)
  try {
    const sized = sources.map((source) => ({ ...source, size: fs.fstatSync(source.fd).size }))
    refuseOthers(sized, to)
    const total = sized.reduce((sum, { size }) => sum + size, 0)
    let done = 0
    let bytes = 0
    for (const { name, fd, size } of sized) {
      const target = path.join(to, name)
      const known = held(target, fd, size)
      const file = known > 0 ? target : target + TEMPORARY
      const out = fs.openSync(file, known > 0 ? 'r+' : 'w', 0o600)
      for (let at = known; at < size;) {
        const chunk = readAt(fd, at, Math.min(CHUNK, size - at))
        fs.writeSync(out, chunk, 0, chunk.length, at)
        at += chunk.length
        progress(done + at, total)
      }
      fs.fsyncSync(out)
      fs.closeSync(out)
      if (file !== target) fs.renameSync(file, target)
      done += size
      bytes += size - known
      progress(done, total)
    }
    return { segments: sources.length, bytes, end: verified(to) }
  } finally {
    for (const { fd } of sources) fs.closeSync(fd)
  }
}

/** How much of the source file the target holds already: all of the target, or nothing. */
function held(target: string, source: number, size: number): number {
  if (!fs.existsSync(target)) return 0
  const fd = fs.openSync(target, 'r')
  try {
    const length = fs.fstatSync(fd).size
    const compared = Math.max(length - COMPARED, 0)
    const same = (at: number, count: number) => readAt(fd, at, count).equals(readAt(source, at, count))
    return length >= LOG_HEAD && length <= size && same(0, LOG_HEAD) && same(compared, length - compared) ? length : 0
  } finally {
    fs.closeSync(fd)
  }
}

/** A backup is never overwritten by another log, or by less than it holds. */
function refuseOthers(sources: readonly { name: string; fd: number }[], to: string): void {
  const files = segmentFiles(to)
  if (files.length === 0) return
  const segments = openSegments(to)
  const end = segments.at(-1)!.end
  const { id } = segments[0]!
  for (const segment of segments) segment.close()
  const ours = readAt(sources[0]!.fd, 0, LOG_HEAD).subarray(16).toString('hex')
  if (ours !== id) throw new Error(`${to} holds a backup of another log; choose another folder`)
  const last = sources.at(-1)!
  const start = Number(/\d+/.exec(last.name)?.[0] ?? LOG_HEAD)
  if (start + fs.fstatSync(last.fd).size - LOG_HEAD < end)
    throw new Error(`${to} holds more events than the log does; choose another folder`)
}

function verified(folder: string): number {
  const segments = openSegments(folder)
  try {
    return verify(segments, LOG_HEAD)
  } finally {
    for (const segment of segments) segment.close()
  }
}
