import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { FORMAT_VERSION, LOG_HEAD, recordLength } from './record.ts'
import { Code, Refusal } from '../refusal.ts'

const LOG_MAGIC = Buffer.from('XYLOEVTS')
const RUN = 256 * 1024

export class DamagedLog extends Refusal {
  constructor(sentence: string) {
    super(Code.dataLoss, sentence)
  }
}

export const damagedAt = (position: number): DamagedLog =>
  new DamagedLog(`events.log is damaged at or behind offset ${position}: it is not served. Restore a backup.`)

export function readAt(fd: number, position: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  let done = 0
  while (done < size) {
    const read = fs.readSync(fd, bytes, done, size - done, position + done)
    if (read === 0) break
    done += read
  }
  return bytes.subarray(0, done)
}

/** Some whole records from `position` and, where what follows them is none, the offset of that. */
export function verifiedRun(fd: number, position: number, end: number): { records: Buffer; bad: number | undefined } {
  let bytes = readAt(fd, position, Math.min(RUN, end - position))
  const first = recordLength(bytes, 0, position)
  if (first > bytes.length && position + first <= end) bytes = readAt(fd, position, first)
  let length = 0
  while (length < bytes.length) {
    const size = recordLength(bytes, length, position + length)
    if (size === 0 || length + size > bytes.length) {
      const nextRun = size > 0 && length > 0 && position + length + size <= end
      return { records: bytes.subarray(0, length), bad: nextRun ? undefined : position + length }
    }
    length += size
  }
  return { records: bytes, bad: undefined }
}

export function openLog(folder: string): { fd: number; id: string } {
  const file = path.join(folder, 'events.log')
  const fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600)
  const head = readAt(fd, 0, LOG_HEAD)
  if (head.length < LOG_HEAD) return { fd, id: createHead(fd, folder) }
  const version = head.readUInt32LE(8)
  if (!head.subarray(0, 8).equals(LOG_MAGIC)) throw new DamagedLog(`${file} is not an event log`)
  if (version !== FORMAT_VERSION)
    throw new DamagedLog(`${file} has format ${version}; this program reads format ${FORMAT_VERSION}`)
  return { fd, id: head.subarray(16).toString('hex') }
}

function createHead(fd: number, folder: string): string {
  const id = randomUUID().replaceAll('-', '')
  const head = Buffer.alloc(LOG_HEAD)
  LOG_MAGIC.copy(head)
  head.writeUInt32LE(FORMAT_VERSION, 8)
  head.write(id, 16, 'hex')
  fs.writeSync(fd, head, 0, LOG_HEAD, 0)
  fs.fsyncSync(fd)
  const parent = fs.openSync(folder, 'r')
  fs.fsyncSync(parent)
  fs.closeSync(parent)
  return id
}
