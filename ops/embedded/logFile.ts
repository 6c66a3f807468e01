import { closeSync, openSync, readSync, renameSync, statSync } from 'node:fs'

const LARGEST = 10 * 1024 * 1024

/** Opens a server's log for appending; one that has grown past 10 MB is first set aside as `<file>.1`. The caller closes it. */
export function openLog(file: string): number {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LARGEST) renameSync(file, `${file}.1`)
  return openSync(file, 'a', 0o600)
}

/** What the log has gained since it was `from` bytes long: its last few lines. */
export function tailOf(file: string, from: number): string {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  const start = Math.max(size < from ? 0 : from, size - 2000)
  if (size <= start) return ''
  const fd = openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(size - start)
    readSync(fd, bytes, 0, bytes.length, start)
    return bytes.toString('utf8').trim().split('\n').slice(-6).join('\n')
  } finally {
    closeSync(fd)
  }
}

export const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
