import { randomUUID } from 'node:crypto'
import type { StoredEvent } from '../log/storedEvent.ts'
import type { Resolved } from '../streams/links.ts'
import { frame } from '../wire/call.ts'
import type { Call } from '../wire/call.ts'
import { EventFrames } from '../wire/eventFrames.ts'
import { ReadResp } from '../wire/messages.ts'
import type { Message } from './message.ts'
import { Latencies, Meter } from './meter.ts'

type Resolving = (event: StoredEvent) => Resolved

/** Whatever it asked for, a consumer holds no more than this of what it has not answered. */
const MAX_BYTES = 16 * 1024 * 1024

/** One Read call: what it was given and has not answered yet, which is never more than it asked for. */
export class Consumer {
  readonly call: Call
  readonly bufferSize: number
  readonly meter = new Meter()
  readonly latencies: Latencies | undefined
  readonly #frames: EventFrames
  readonly #resolved: Resolving | undefined
  readonly #inFlight = new Map<string, Message>()
  #bytes = 0
  /** Given and not yet written. */
  #outbox: Message[] = []
  /** Something timed out before the client would take it: it gets nothing more until it takes what was written. */
  #stuck = false

  constructor(
    call: Call,
    options: { bufferSize: number; structuredIds: boolean; resolved: Resolving | undefined; extraStatistics: boolean },
  ) {
    this.call = call
    this.bufferSize = options.bufferSize
    this.#frames = new EventFrames(options.structuredIds)
    this.#resolved = options.resolved
    this.latencies = options.extraStatistics ? new Latencies() : undefined
  }

  get inFlight(): number {
    return this.#inFlight.size
  }

  /** There is room for it, and none of the same id is there: an answer could not say which it means. */
  takes({ id }: Message): boolean {
    const { size } = this.#inFlight
    return (
      size < this.bufferSize && this.#bytes < MAX_BYTES && !this.#inFlight.has(id) && !this.#stuck && !this.call.closed
    )
  }

  give(message: Message): void {
    message.sent = false
    message.givenAt = performance.now()
    this.#inFlight.set(message.id, message)
    this.#bytes += sizeOf(message)
    this.#outbox.push(message)
    this.call.wake()
  }

  /** What is answered is not in flight any more; undefined if it was not. */
  answered(id: string): Message | undefined {
    const message = this.#inFlight.get(id)
    if (!message) return undefined
    this.#inFlight.delete(id)
    this.#bytes -= sizeOf(message)
    this.meter.total++
    this.latencies?.add(Math.round(performance.now() - message.givenAt))
    return message
  }

  /** When the message that it has had for longest was given (`performance.now()`). */
  get oldest(): number | undefined {
    for (const { givenAt } of this.#inFlight.values()) return givenAt
    return undefined
  }

  /** Takes away what it was given before that time, oldest first. */
  takeBack(givenBefore: number): Message[] {
    const taken: Message[] = []
    for (const message of this.#inFlight.values()) {
      if (message.givenAt >= givenBefore) break
      taken.push(message)
      this.#inFlight.delete(message.id)
      this.#bytes -= sizeOf(message)
      if (!message.sent) this.#stuck = true
    }
    if (this.#stuck) this.#outbox = this.#outbox.filter((message) => this.#inFlight.get(message.id) === message)
    return taken
  }

  /** Sends what it is given until the call is over. A client that does not take it holds one buffer of bytes. */
  async deliver(): Promise<void> {
    const { call } = this
    await call.send(frame(ReadResp, { confirmation: { subscriptionId: randomUUID() } }))
    while (!call.closed) {
      const outbox = this.#outbox
      this.#outbox = []
      for (const message of outbox) {
        if (this.#inFlight.get(message.id) !== message) continue // it timed out before it could be sent
        this.#add(message)
        if (this.#frames.full) await call.send(this.#frames.take())
      }
      if (!this.#frames.empty) await call.send(this.#frames.take())
      this.#stuck = false
      if (this.#outbox.length === 0) await call.sleep()
    }
  }

  #add(message: Message): void {
    message.sent = true
    if (!this.#resolved) return this.#frames.add(message.event, undefined, message.retries)
    const { event, link } = this.#resolved(message.event)
    this.#frames.add(event, link, message.retries)
  }
}

const sizeOf = ({ event }: Message): number => event.end - event.at
