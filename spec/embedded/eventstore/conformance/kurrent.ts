import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type * as kurrent from '@kurrent/kurrentdb-client'

type Client = kurrent.KurrentDBClient
type Method = 'appendToStream' | 'readStream' | 'readAll' | 'subscribeToStream' | 'subscribeToAll' | Plain
type Plain = 'appendToStream' | 'deleteStream' | 'tombstoneStream' | 'setStreamMetadata' | 'getStreamMetadata'

/** A call of the client, to its process; of a subscription also where it ends: after so many events, or with one of a type. */
export interface Asked {
  id: number
  method: Method
  args: unknown[]
  last?: { count?: number; type?: string }
}
export interface Heard {
  events: kurrent.ResolvedEvent[]
  order: ('confirmation' | 'event' | 'caughtUp')[]
  checkpoints: kurrent.Position[]
}
export type Told =
  | { id: number; confirmed: true }
  | { id: number; result: unknown }
  | { id: number; error: { message: string; type?: string | undefined } }

/** What the function of this name in the package makes of `options`, made in the client's process. */
export const make = <M extends keyof Options>(maker: M, options: Options[M]) =>
  ({ $make: maker, ...options }) as unknown as ReturnType<(typeof kurrent)[M]>
type FilterOptions = { regex?: string; prefixes?: string[]; maxSearchWindow?: number; checkpointInterval?: number }
interface Options {
  jsonEvent: kurrent.JSONEventOptions<kurrent.JSONEventType>
  binaryEvent: kurrent.BinaryEventOptions<kurrent.BinaryEventType>
  streamNameFilter: FilterOptions
  eventTypeFilter: FilterOptions
  excludeSystemEvents: FilterOptions
}

/** @kurrent/kurrentdb-client in a process of its own (see `kurrentProcess.ts`): the same calls; reads give arrays. */
export class KurrentProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { told(told: Told): void }>()
  #calls = 0

  constructor(url: string) {
    const file = path.resolve(import.meta.dirname, 'kurrentProcess.ts')
    this.#child = fork(file, [url], { serialization: 'advanced', execArgv: ['--import', 'tsx'] })
    this.#child.on('message', (told: Told) => this.#waiting.get(told.id)?.told(told))
    this.#child.on('exit', (code) => {
      for (const [id, { told }] of this.#waiting)
        told({ id, error: { message: `The client's process ended: ${code}` } })
    })
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }

  #ask<T>(method: Method, args: unknown[], last?: Asked['last']): { confirmed: Promise<void>; result: Promise<T> } {
    const id = ++this.#calls
    let confirm: () => void
    const confirmed = new Promise<void>((resolve) => (confirm = resolve))
    const result = new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, {
        told: (told) => {
          if ('confirmed' in told) return confirm()
          this.#waiting.delete(id)
          if ('error' in told) reject(Object.assign(new Error(told.error.message), told.error))
          else resolve(told.result as T)
        },
      })
    })
    this.#child.send({ id, method, args, ...(last ? { last } : {}) } satisfies Asked)
    return { confirmed, result }
  }

  /** Any call that ends with a promise. */
  call<M extends Plain>(method: M, ...args: Parameters<Client[M]>): Promise<Awaited<ReturnType<Client[M]>>> {
    return this.#ask<Awaited<ReturnType<Client[M]>>>(method, args).result
  }

  readStream(...args: Parameters<Client['readStream']>): Promise<kurrent.ResolvedEvent[]> {
    return this.#ask<kurrent.ResolvedEvent[]>('readStream', args).result
  }

  readAll(...args: Parameters<Client['readAll']>): Promise<kurrent.ResolvedEvent[]> {
    return this.#ask<kurrent.ResolvedEvent[]>('readAll', args).result
  }

  subscribeToStream(last: Asked['last'], ...args: Parameters<Client['subscribeToStream']>) {
    return this.#ask<Heard>('subscribeToStream', args, last)
  }

  subscribeToAll(last: Asked['last'], ...args: Parameters<Client['subscribeToAll']>) {
    return this.#ask<Heard>('subscribeToAll', args, last)
  }
}
