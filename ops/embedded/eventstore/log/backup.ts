import fs from 'node:fs'
import path from 'node:path'
import { LOG_HEAD } from './record.ts'
import { openSegments, verify } from './recover.ts'
import { readAt, segmentFiles } from './segment.ts'

const CHUNK = 1024 * 1024
/** So much of the end of an earlier copy is compared with what the log has there. */
const COMPARED = 64 * 1024

export interface Copied {
  segments: number
  /** Read and written by this copy; what an earlier one had is taken from there. */
  bytes: number
  /** The position up to which the copy holds the log. */
  end: number
  /** At the end of the source, and no record: an append under way, or damage. */
  cut: number
}

interface Source {
  name: string
  fd: number
  size: number
}

/**
 * Copies the log in folder `from`, which may be written to meanwhile, into the empty folder `to`, and verifies every record of the copy.
 * What was acknowledged before this was called is in it; so may be some of what came later, in order and without gaps. Files that
 * folder `earlier` holds in the same state, and to which nothing is added any more, are linked from there. The index is not copied: it is made anew.
 * Throws `DamagedLog`, or an error with a sentence.
 */
export function copyLog(
  from: string,
  to: string,
  earlier: string | undefined,
  progress: (done: number, total: number) => void,
): Copied {
  const sources = openAll(from)
  try {
    if (earlier !== undefined) refuseOthers(sources, earlier)
    const total = sources.reduce((sum, { size }) => sum + size, 0)
    let done = 0
    let bytes = 0
    for (const source of sources) {
      const held = earlier === undefined ? undefined : path.join(earlier, source.name)
      const copied = held !== undefined && holdsAll(held, source) ? linked(held, path.join(to, source.name)) : false
      if (!copied) {
        copy(source, path.join(to, source.name), (at) => progress(done + at, total))
        bytes += source.size
      }
      done += source.size
      progress(done, total)
    }
    const end = verified(to)
    return { segments: sources.length, bytes, end, cut: endOf(sources) - end }
  } finally {
    for (const { fd } of sources) fs.closeSync(fd)
  }
}

function openAll(folder: string): Source[] {
  const files = segmentFiles(folder)
  if (files.length === 0) throw new Error(`There is no event log in ${folder}`)
  return files.map((file) => {
    const fd = fs.openSync(file, 'r')
    return { name: path.basename(file), fd, size: fs.fstatSync(fd).size }
  })
}

function copy({ name, fd, size }: Source, target: string, progress: (at: number) => void): void {
  const out = fs.openSync(target, 'wx', 0o600)
  try {
    for (let at = 0; at < size;) {
      const chunk = readAt(fd, at, Math.min(CHUNK, size - at))
      if (chunk.length === 0) throw new Error(`${name} became shorter while it was copied: try again`)
      for (let written = 0; written < chunk.length;)
        written += fs.writeSync(out, chunk, written, chunk.length - written, at + written)
      at += chunk.length
      progress(at)
    }
    fs.fsyncSync(out)
  } finally {
    fs.closeSync(out)
  }
}

/** False where the file system has no links. */
function linked(held: string, target: string): boolean {
  try {
    fs.linkSync(held, target)
    return true
  } catch {
    return false
  }
}

/** The file was as long and as often scavenged then: it has not changed since. */
function holdsAll(held: string, { fd, size }: Source): boolean {
  if (!fs.existsSync(held) || fs.statSync(held).size !== size) return false
  return comparing(
    held,
    (old) => sameAt(old, fd, 0, LOG_HEAD) && sameAt(old, fd, Math.max(size - COMPARED, 0), COMPARED),
  )
}

/** A backup is never followed by one of another log, of another history of it, or by less than it holds. */
function refuseOthers(sources: readonly Source[], earlier: string): void {
  const segments = openSegments(earlier)
  const { id } = segments[0]!
  const { end } = segments.at(-1)!
  for (const segment of segments) segment.close()
  if (readAt(sources[0]!.fd, 0, LOG_HEAD).subarray(16).toString('hex') !== id)
    throw new Error('The backup is one of another log; choose another folder')
  if (endOf(sources) < end) throw new Error('The backup holds more events than the log does; choose another folder')
  for (const file of segmentFiles(earlier)) {
    const source = sources.find(({ name }) => name === path.basename(file))
    if (!source || !isHistoryOf(file, source))
      throw new Error('The log went on otherwise than the backup says; choose another folder')
  }
}

/** What the copy ends with stands in the log too. Of a file that was scavenged since, nothing can be said. */
function isHistoryOf(held: string, { fd, size }: Source): boolean {
  return comparing(held, (old) => {
    if (!sameAt(old, fd, 0, LOG_HEAD)) return true
    const length = fs.fstatSync(old).size
    return length <= size && sameAt(old, fd, Math.max(length - COMPARED, 0), Math.min(length, COMPARED))
  })
}

const sameAt = (one: number, other: number, at: number, count: number) =>
  readAt(one, at, count).equals(readAt(other, at, count))

function comparing<Result>(file: string, act: (fd: number) => Result): Result {
  const fd = fs.openSync(file, 'r')
  try {
    return act(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** The position behind the last file, which is never a scavenged one. */
function endOf(sources: readonly Source[]): number {
  const { name, size } = sources.at(-1)!
  return Number(/\d+/.exec(name)?.[0] ?? LOG_HEAD) + size - LOG_HEAD
}

function verified(folder: string): number {
  const segments = openSegments(folder)
  try {
    return verify(segments, LOG_HEAD)
  } finally {
    for (const segment of segments) segment.close()
  }
}
