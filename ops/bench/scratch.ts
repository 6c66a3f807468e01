import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { surveyLaunch, tieToOwner } from '../embedded/launch.ts'
import type { Command, Launch } from '../embedded/launch.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ORDERLY_END_MS = 30_000

export interface Program {
  /** A TypeScript file, from the root of the repository. Its first line on stdout is JSON, once it is ready. */
  readonly file: string
  readonly args: readonly string[]
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[]
}

export interface Child<Ready> {
  readonly pid: number
  readonly ready: Ready
  readonly readyMs: number
  /** SIGTERM, and until it is gone. */
  end(): Promise<void>
}

/** A temporary folder and the child processes of one run: gone when it is over, however that comes about. */
export class Scratch {
  readonly folder: string
  readonly #launch: Launch
  readonly #children = new Set<ChildProcess>()
  #disposal: Promise<void> | undefined

  private constructor(folder: string, launch: Launch) {
    this.folder = folder
    this.#launch = launch
    process.once('exit', () => {
      for (const child of this.#children) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
    })
  }

  static async create(): Promise<Scratch> {
    const launch = await surveyLaunch()
    return new Scratch(await fs.mkdtemp(path.join(os.tmpdir(), 'bench-')), launch)
  }

  get disposed(): boolean {
    return this.#disposal !== undefined
  }

  /** Rejects if it ends before it is ready. */
  async start<Ready>({ file, args, nodeArgs = [] }: Program): Promise<Child<Ready>> {
    const started = performance.now()
    const node = [process.execPath, ...nodeArgs, '--import', 'tsx', file, ...args] as const
    const [command, ...rest] = tieToOwner(this.#launch, node as Command).command
    // In a group of its own: Ctrl-C is for us, and we end it.
    const child = spawn(command, rest, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
    this.#children.add(child)
    const ended = once(child, 'exit').finally(() => this.#children.delete(child))
    const early = ended.then(([code]) => Promise.reject(new Error(`${file} ended with ${code} before it was ready`)))
    early.catch(() => {})
    const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), early])) as [string]
    const readyMs = performance.now() - started
    const end = async () => {
      child.kill('SIGTERM')
      const impatient = setTimeout(() => child.kill('SIGKILL'), ORDERLY_END_MS)
      await ended
      clearTimeout(impatient)
    }
    return { pid: child.pid!, ready: JSON.parse(line) as Ready, readyMs, end }
  }

  async dispose(): Promise<void> {
    this.#disposal ??= this.#dispose()
    await this.#disposal
  }

  async #dispose(): Promise<void> {
    const living = [...this.#children]
    await Promise.all(
      living.map((child) => {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        return gone
      }),
    )
    await fs.rm(this.folder, { recursive: true, force: true, maxRetries: 10 })
  }
}
