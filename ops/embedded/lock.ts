import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { decode, encode, identify, isRunning } from './identity.ts'

export class DataDirInUse extends Error {
  readonly pid: number
  constructor(dataDir: string, pid: number) {
    super(`${dataDir} is in use by the running process ${pid}: stop it, or set DATA_DIR to another folder`)
    this.name = 'DataDirInUse'
    this.pid = pid
  }
}

/** Takes the one lock of a data folder and returns its release. Throws DataDirInUse; what a dead process left is taken over. */
export function takeLock(dataDir: string): () => void {
  const lock = path.join(dataDir, 'stack.lock')
  const mine = encode(identify(process.pid, dataDir)!)
  const draft = `${lock}.${process.pid}`
  writeFileSync(draft, mine, { mode: 0o600 })
  try {
    for (;;) {
      if (linked(draft, lock)) return () => release(lock, mine)
      const held = textOf(lock)
      const holder = decode(held)
      if (holder && isRunning(holder, dataDir)) throw new DataDirInUse(dataDir, holder.pid)
      setAside(lock, held)
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

// A link appears with its whole content or not at all, which `open('wx')` and then `write` does not promise.
function linked(draft: string, lock: string): boolean {
  try {
    linkSync(draft, lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

// Two starts may find the same stale lock: the slower one must not take away the lock that the faster one has just made.
function setAside(lock: string, judged: string): void {
  const aside = `${lock}.stale.${process.pid}`
  try {
    renameSync(lock, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (textOf(aside) !== judged) linked(aside, lock)
  rmSync(aside, { force: true })
}

function release(lock: string, mine: string): void {
  if (textOf(lock) === mine) rmSync(lock, { force: true })
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
