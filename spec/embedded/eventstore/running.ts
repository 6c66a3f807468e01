import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import type { AllStreamResolvedEvent, ReadAllOptions, ReadStreamOptions } from '@eventstore/db-client'
import { programOf } from '../../../ops/embedded/program.ts'

export const temporaryFolder = (): Promise<string> => fs.mkdtemp(path.join(os.tmpdir(), 'eventstore-spec-'))

const children = new Set<ChildProcess>()
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')))

function spawnStore(dir: string, args: readonly string[]): ChildProcess {
  const [program, ...options] = programOf('ops/embedded/eventstore/main.ts', '--port', '0', '--dir', dir, ...args)
  const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** A server child on a folder of its own, and one official client for it. */
export class RunningStore {
  readonly dir: string
  readonly port: number
  readonly client: EventStoreDBClient
  /** What the server wrote to stderr. */
  said = ''
  readonly child: ChildProcess
  readonly #ended: Promise<number | null>

  private constructor(child: ChildProcess, dir: string, port: number) {
    this.child = child
    this.#ended = once(child, 'exit').then(([code]) => code as number | null)
    this.dir = dir
    this.port = port
    this.client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${port}?tls=false`)
  }

  static async start({ dir, args = [] }: { dir?: string; args?: readonly string[] } = {}): Promise<RunningStore> {
    const folder = dir ?? (await temporaryFolder())
    const child = spawnStore(folder, args)
    let said = ''
    child.stderr!.on('data', (text: Buffer) => (said += String(text)))
    const ready = once(createInterface(child.stdout!), 'line') as Promise<[string]>
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`The event store did not start: ${said}`)))
    const [line] = await Promise.race([ready, ended])
    ended.catch(() => {})
    const store = new RunningStore(child, folder, (JSON.parse(line) as { port: number }).port)
    store.said = said
    child.stderr!.on('data', (text: Buffer) => (store.said += String(text)))
    return store
  }

  /** Ends the process and keeps the folder. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal)
    const code = await this.#ended
    await this.client.dispose()
    return code
  }

  async again(): Promise<RunningStore> {
    await this.end()
    return RunningStore.start({ dir: this.dir })
  }

  /** Ends the process and removes the folder. */
  async remove(): Promise<void> {
    await this.client.dispose()
    await this.end()
    await fs.rm(this.dir, { recursive: true })
  }

  async readAll(options: ReadAllOptions = {}): Promise<AllStreamResolvedEvent[]> {
    return collect(this.client.readAll(options))
  }

  /** The revisions that a read of the stream gives. */
  async revisions(stream: string, options: ReadStreamOptions = {}): Promise<number[]> {
    const events = await collect(this.client.readStream(stream, options))
    return events.map(({ event }) => Number(event!.revision))
  }
}

/** The exit code and the words of a server that must not start. */
export async function refusedStart(dir: string, args: readonly string[] = []): Promise<{ code: number; said: string }> {
  const child = spawnStore(dir, args)
  let said = ''
  child.stderr!.on('data', (text: Buffer) => (said += String(text)))
  child.stdout!.on('data', () => child.kill('SIGKILL'))
  const [code] = (await once(child, 'close')) as [number]
  return { code, said }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export const events = (count: number, type = 'Happened') =>
  Array.from({ length: count }, (_, i) => jsonEvent({ type, data: { i } }))

/** What `doing` was refused with. */
export async function refusal(doing: Promise<unknown>): Promise<Error & { type?: string; code?: number }> {
  return doing.then(
    () => Promise.reject(new Error('It was not refused')),
    (error: Error) => error,
  )
}

/** The anonymous resident memory of a process, in MB: mapped files do not count. */
export function anonymousMemory(pid: number): number {
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!
  return Number(kilobytes) / 1024
}
