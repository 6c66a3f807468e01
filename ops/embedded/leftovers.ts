import { readFileSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { pidFile } from './child.ts'
import { decode, type Identity, isRunning } from './identity.ts'
import type { Log } from './supervisor.ts'

const ORDERLY_END_MS = 10_000

/** Ends what a killed owner left running in this data folder, and nothing else: a pid that now is another program is left alone. */
export async function endLeftover(dataDir: string, name: string, log: Log): Promise<void> {
  const leftover = recorded(pidFile(dataDir, name))
  if (leftover && isRunning(leftover, dataDir)) {
    log({ level: 'warn', msg: `ending ${name}, left running by an earlier start`, server: name, pid: leftover.pid })
    await endProcess(leftover, dataDir)
  }
  rmSync(pidFile(dataDir, name), { force: true })
}

export async function endProcess(leftover: Identity, dataDir: string): Promise<void> {
  signal(leftover, 'SIGINT')
  if (await gone(leftover, dataDir, ORDERLY_END_MS)) return
  signal(leftover, 'SIGKILL')
  if (!(await gone(leftover, dataDir, ORDERLY_END_MS))) throw new Error(`process ${leftover.pid} cannot be ended`)
}

async function gone(leftover: Identity, dataDir: string, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; Date.now() < until; await delay(10)) {
    if (!isRunning(leftover, dataDir)) return true
  }
  return false
}

function signal({ pid }: Identity, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended by itself in the meantime.
  }
}

function recorded(file: string): Identity | undefined {
  try {
    return decode(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
