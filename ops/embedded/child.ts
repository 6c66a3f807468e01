import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { encode, identify } from './identity.ts'
import type { Spawnable } from './launch.ts'
import { openLog, sizeOf, tailOf } from './logFile.ts'

/** One server process of the stack: how it is started, how one knows that it answers, how it ends. */
export interface Program extends Spawnable {
  readonly name: string
  readonly dataDir: string
  /** `announced`: it prints a JSON line with `ready: true` on stdout. Else a probe, repeated until it resolves or says Hopeless. */
  readonly ready: 'announced' | (() => Promise<void>)
  readonly readyWithinMs: number
  /** Written to its stdin, which stays open: the end of stdin tells it that its owner is gone. */
  readonly input?: string
}

export interface Child {
  readonly pid: number | undefined
  readonly exited: Promise<string>
  /** Rejects with StartFailed when it ends, or the time is over, before it answers. */
  ready(): Promise<void>
  /** SIGINT, which is the prompt and orderly end for all servers; SIGKILL when the time is over. */
  end(withinMs: number): Promise<void>
}

/** Thrown by a probe when waiting longer cannot help. */
export class Hopeless extends Error {}

export class StartFailed extends Error {
  /** Somebody still holds what it needs: its port, or the shared memory of a Postgres that was just killed. */
  readonly busy: boolean
  constructor(name: string, what: string, log: string, tail: string) {
    super(`${name} did not start: ${what}${tail && `; ${log} ends with:\n${tail}`}`)
    this.name = 'StartFailed'
    this.busy = /EADDRINUSE|in use/i.test(tail)
  }
}

export const pidFile = (dataDir: string, name: string) => path.join(dataDir, `${name}.pid`)
const logFile = (dataDir: string, name: string) => path.join(dataDir, `${name}.log`)

// For platforms without setpriv, when the owner ends without stopping them.
const living = new Set<ChildProcess>()
process.once('exit', () => living.forEach((child) => child.kill('SIGINT')))

export function run(program: Program): Child {
  const { name, dataDir } = program
  const log = logFile(dataDir, name)
  const logged = sizeOf(log)
  const child = spawned(program, log)
  const announced = program.ready === 'announced' ? announcement(child) : undefined

  if (child.pid !== undefined) {
    const identity = identify(child.pid, dataDir)
    if (identity) writeFileSync(pidFile(dataDir, name), encode(identity))
  }
  living.add(child)

  let ended = false
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`it cannot be run (${error.message})`))
    child.once('exit', (code, signal) => resolve(signal ? `it was ended by ${signal}` : `it ended with code ${code}`))
  }).finally(() => {
    ended = true
    living.delete(child)
    rmSync(pidFile(dataDir, name), { force: true })
  })
  const failed = (what: string) => new StartFailed(name, what, log, tailOf(log, logged))

  return {
    pid: child.pid,
    exited,
    async ready() {
      const clock = new AbortController()
      try {
        await Promise.race([
          announced ?? probing(program.ready as () => Promise<void>, () => ended),
          exited.then((how) => Promise.reject(failed(how))),
          delay(program.readyWithinMs, undefined, { signal: clock.signal }).then(() =>
            Promise.reject(failed(`no answer within ${program.readyWithinMs} ms`)),
          ),
        ])
      } finally {
        clock.abort()
      }
    },
    async end(withinMs) {
      child.kill('SIGINT')
      const kill = setTimeout(() => child.kill('SIGKILL'), withinMs)
      await exited
      clearTimeout(kill)
    },
  }
}

function spawned({ command: [file, ...args], uid, dataDir, input, ready }: Program, log: string): ChildProcess {
  const fd = openLog(log)
  try {
    const child = spawn(file, args, {
      cwd: dataDir,
      stdio: [input === undefined ? 'ignore' : 'pipe', ready === 'announced' ? 'pipe' : fd, fd],
      // Away from the terminal's process group: Ctrl-C reaches the owner alone, who first drains and then stops its servers.
      detached: process.platform !== 'win32',
      windowsHide: true,
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    child.stdin?.on('error', () => {})
    if (input !== undefined) child.stdin?.write(`${input}\n`)
    return child
  } finally {
    closeSync(fd)
  }
}

const announcement = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (/^\{.*"ready":\s*true/.test(line)) resolve()
    })
  })

async function probing(probe: () => Promise<void>, ended: () => boolean): Promise<void> {
  while (!ended()) {
    try {
      return await probe()
    } catch (error) {
      if (error instanceof Hopeless) throw error
      await delay(10)
    }
  }
}
