import type { Stores } from '../streams/cursors.ts'
import { everyStream, LINK, resolve } from '../streams/links.ts'
import { decode } from '../wire/protobuf.ts'
import type { Consumer } from './consumer.ts'
import type { Message } from './message.ts'
import type { Settings } from './settings.ts'

/** Which consumer a message goes to. */
export interface Strategy {
  /** undefined: it must wait. */
  choose(message: Message): Consumer | undefined
  /** A message that must wait lets others overtake it. */
  readonly overtaking: boolean
  joined(consumer: Consumer): void
  left(consumer: Consumer): void
}

export function strategyOf({ strategy, resolveLinks }: Settings, stores: Stores): Strategy {
  switch (strategy) {
    case 'RoundRobin':
      return new InTurn(true)
    case 'DispatchToSingle':
      return new InTurn(false)
    case 'Pinned':
      return new Pinned(({ event }) => sourceOf(event))
    case 'PinnedByCorrelation':
      return new Pinned(
        ({ event }) =>
          correlationOf((resolveLinks && resolve(stores, event, everyStream).event) || event) ?? sourceOf(event),
      )
  }
}

/** The next consumer after each message (round robin), or only once one is full (dispatch to single). */
class InTurn implements Strategy {
  readonly overtaking = false
  readonly #consumers: Consumer[] = []
  readonly #always: boolean
  #turn = 0

  constructor(always: boolean) {
    this.#always = always
  }

  choose(message: Message): Consumer | undefined {
    for (let tried = 0; tried < this.#consumers.length; tried++) {
      const consumer = this.#consumers[this.#turn % this.#consumers.length]!
      if (consumer.takes(message)) {
        if (this.#always) this.#turn++
        return consumer
      }
      this.#turn++
    }
    return undefined
  }

  joined(consumer: Consumer): void {
    this.#consumers.push(consumer)
  }

  left(consumer: Consumer): void {
    this.#consumers.splice(this.#consumers.indexOf(consumer), 1)
  }
}

const BUCKETS = 1024

/** What has the same key goes to the same consumer while that is there; keys share 1024 buckets. */
class Pinned implements Strategy {
  readonly overtaking = true
  readonly #keyOf: (message: Message) => string
  readonly #buckets = new Array<Consumer | undefined>(BUCKETS).fill(undefined)
  /** How many buckets each has. */
  readonly #load = new Map<Consumer, number>()

  constructor(keyOf: (message: Message) => string) {
    this.#keyOf = keyOf
  }

  choose(message: Message): Consumer | undefined {
    const bucket = hash(this.#keyOf(message)) % BUCKETS
    const consumer = (this.#buckets[bucket] ??= this.#assign())
    return consumer?.takes(message) ? consumer : undefined
  }

  #assign(): Consumer | undefined {
    const [least] = [...this.#load].sort(([, a], [, b]) => a - b)
    if (!least) return undefined
    this.#load.set(least[0], least[1] + 1)
    return least[0]
  }

  joined(consumer: Consumer): void {
    this.#load.set(consumer, 0)
  }

  left(consumer: Consumer): void {
    this.#load.delete(consumer)
    for (const [i, owner] of this.#buckets.entries()) if (owner === consumer) this.#buckets[i] = undefined
  }
}

/** The stream an event is from, or the one that a link points into. */
function sourceOf({ type, stream, data }: Message['event']): string {
  if (type !== LINK) return stream
  const text = data.toString('utf8')
  return text.slice(text.indexOf('@') + 1)
}

const CustomMetadata = { customMetadata: [7, 'bytes'] } as const

function correlationOf({ bytes, wireStart, end }: Message['event']): string | undefined {
  const { customMetadata } = decode(CustomMetadata, bytes.subarray(wireStart, end))
  try {
    const id: unknown = JSON.parse(customMetadata?.toString('utf8') ?? '')?.$correlationId
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let hashed = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hashed = Math.imul(hashed ^ text.charCodeAt(i), 0x01000193)
  return hashed >>> 0
}
