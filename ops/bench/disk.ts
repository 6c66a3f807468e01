import fs from 'node:fs'
import path from 'node:path'
import { quantile } from './measure.ts'

const BLOCK = Buffer.alloc(512, 'x')
const SYNCS = 150

/** What durability costs in this folder: the median ms of appending 512 bytes to a plain file and fdatasync. */
export function fdatasyncMs(folder: string): number {
  const file = path.join(folder, 'fdatasync')
  const fd = fs.openSync(file, 'a', 0o600)
  try {
    const costs = Array.from({ length: SYNCS }, () => {
      const start = performance.now()
      fs.writeSync(fd, BLOCK)
      fs.fdatasyncSync(fd)
      return performance.now() - start
    })
    return quantile(costs, 0.5)
  } finally {
    fs.closeSync(fd)
    fs.rmSync(file)
  }
}
