import { Refusal } from '../refusal.ts'
import type { StoredEvent } from '../log/storedEvent.ts'
import { resolve } from '../streams/links.ts'
import type { Call } from '../wire/call.ts'
import { Backlog } from './backlog.ts'
import { Consumer } from './consumer.ts'
import type { Message } from './message.ts'
import { Meter } from './meter.ts'
import { groupKey } from './names.ts'
import { Parked } from './parked.ts'
import { dropped, tooManyConsumers } from './refusals.ts'
import type { Settings, WireFilter } from './settings.ts'
import { strategyOf } from './strategies.ts'
import type { Strategy } from './strategies.ts'
import type { Store } from './writing.ts'

const inLogOrder = (one: Message, other: Message): number => one.event.position - other.event.position

/** As it is stored in the configuration. */
export interface GroupEntry {
  stream: string
  group: string
  settings: Settings
  filter: WireFilter | undefined
  /** The place that `settings.startFrom` meant when it was said. */
  begin: number
}

export type Answer = 'ack' | 'retry' | 'park' | 'skip'

/**
 * The consumers of one subscription group and what is between them and its stream. All that happens to it (the log advances, a
 * consumer comes, answers or goes, a time-out) changes the queues and calls `wake`; `#turn` then fills and empties them.
 *
 *   stream ─▶ waiting ──▶ in flight ─▶ acknowledged, skipped or parked
 *                          ▲     │
 *   parked ─▶ again ───────┘     │     what is in `again` goes first
 *               ▲────────────────┘     refused, timed out, left behind by a consumer
 */
export class Group {
  readonly entry: GroupEntry
  readonly backlog: Backlog
  readonly parked: Parked
  readonly meter = new Meter()
  readonly consumers = new Set<Consumer>()
  readonly #store: Store
  readonly #strategy: Strategy
  /** To be given out again, or replayed. */
  #again: Message[] = []
  readonly #parking = new Set<Promise<void>>()
  #scheduled = false
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  /** Throws if the store has no such place to begin at. */
  constructor(store: Store, entry: GroupEntry) {
    this.entry = entry
    this.#store = store
    this.#strategy = strategyOf(entry.settings, store)
    this.backlog = new Backlog(store, entry)
    this.parked = new Parked(store, groupKey(entry.stream, entry.group))
  }

  get retrying(): number {
    return this.#again.length
  }
  get inFlight(): number {
    return [...this.consumers].reduce((sum, { inFlight }) => sum + inFlight, 0)
  }
  get outstanding(): number {
    return this.inFlight + this.#again.length + this.#parking.size
  }

  join(call: Call, bufferSize: number, structuredIds: boolean, mayRead: (stream: string) => boolean): Consumer {
    const { stream, group, settings } = this.entry
    if (this.#stopped) throw dropped(stream, group)
    if (settings.maxSubscriberCount > 0 && this.consumers.size >= settings.maxSubscriberCount)
      throw tooManyConsumers(stream, group)
    const { resolveLinks, extraStatistics } = settings
    const resolved = resolveLinks ? (event: StoredEvent) => resolve(this.#store, event, mayRead) : undefined
    const consumer = new Consumer(call, { bufferSize, structuredIds, resolved, extraStatistics })
    this.consumers.add(consumer)
    this.#strategy.joined(consumer)
    this.wake()
    return consumer
  }

  /** Its messages go to the others; having been sent to it counts, so that one that kills its consumers is parked in the end. */
  leave(consumer: Consumer): void {
    if (!this.consumers.delete(consumer)) return
    this.#strategy.left(consumer)
    if (this.#stopped) return
    for (const message of consumer.takeBack(Infinity)) this.#failed(message, 'The consumer went away')
    this.wake()
  }

  /** What is not (or not any more) in flight to this consumer is ignored. */
  answer(consumer: Consumer, id: string, answer: Answer, reason: string): void {
    if (this.#stopped) return
    const message = consumer.answered(id)
    if (!message) return
    if (answer === 'retry') this.#failed(message, reason)
    else if (answer === 'park') this.#park(message, reason)
    else this.#done(message)
    this.wake()
  }

  replayParked(stopAt: number): void {
    this.parked.replay(stopAt)
    this.wake()
  }

  /** Ends it, its consumers too if they are told why; what it has dealt with is durable when this resolves. */
  async stop(reason?: Refusal): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    if (reason) for (const { call } of this.consumers) call.end(reason)
    await Promise.all(this.#parking)
    await this.parked.close()
    await this.backlog.checkpoint.close()
  }

  /** Has a turn soon. */
  readonly wake = (): void => {
    if (this.#scheduled || this.#stopped || this.consumers.size === 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (this.#stopped) return
      try {
        this.#turn()
      } catch (error) {
        console.error(`Persistent subscription ${groupKey(this.entry.stream, this.entry.group)} failed:`, error)
        const { stream, group } = this.entry
        const reason = error instanceof Refusal ? error : dropped(stream, group)
        for (const { call } of this.consumers) call.end(reason)
      }
    })
  }

  #turn(): void {
    const { historyBufferSize, readBatchSize } = this.entry.settings
    const room = this.backlog.room(this.#parking.size)
    if (room > 0) this.backlog.fill(room)
    if (this.#again.length < historyBufferSize) this.#again.push(...this.parked.take(readBatchSize))
    this.#again = this.#dispatch(this.#again.sort(inLogOrder))
    if (this.#again.length === 0 || this.#strategy.overtaking)
      this.backlog.waiting = this.#dispatch(this.backlog.waiting)
    this.#watch()
    const replaying = this.parked.waiting && this.#again.length < historyBufferSize
    if (replaying || (!this.backlog.source.dry && this.backlog.room(this.#parking.size) > 0)) this.wake()
  }

  /** Gives out what can be; returns what must wait. */
  #dispatch(messages: readonly Message[]): Message[] {
    const left: Message[] = []
    for (const [i, message] of messages.entries()) {
      const consumer = this.#strategy.choose(message)
      if (consumer) consumer.give(message)
      else {
        left.push(message)
        if (!this.#strategy.overtaking) return left.concat(messages.slice(i + 1))
      }
    }
    return left
  }

  #failed(message: Message, reason: string): void {
    if (message.sent && message.retries >= this.entry.settings.maxRetryCount) return this.#park(message, reason)
    if (message.sent) message.retries++
    this.#again.push(message)
  }

  #park(message: Message, reason: string): void {
    const parking = this.parked.park(message, reason).then(
      () => this.#done(message),
      (error: Error) => {
        console.error(`A message cannot be parked: ${error.message}`)
        this.#again.push(message)
      },
    )
    const settled = parking.finally(() => {
      this.#parking.delete(settled)
      this.wake()
    })
    this.#parking.add(settled)
  }

  #done(message: Message): void {
    this.meter.total++
    if (message.replayed) this.parked.done(message)
    else this.backlog.done(message)
  }

  /** One timer, for the message that times out next. */
  #watch(): void {
    const { messageTimeoutMs } = this.entry.settings
    if (this.#timer || messageTimeoutMs === 0) return
    const oldest = Math.min(...[...this.consumers].map((consumer) => consumer.oldest ?? Infinity))
    if (oldest === Infinity) return
    const left = oldest + messageTimeoutMs - performance.now()
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        const late = performance.now() - messageTimeoutMs
        for (const consumer of this.consumers)
          for (const message of consumer.takeBack(late + 1)) this.#failed(message, 'It timed out')
        this.#watch()
        this.wake()
      },
      Math.max(left, 1),
    ).unref()
  }
}
