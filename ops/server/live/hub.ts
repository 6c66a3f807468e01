import { Readable } from 'node:stream'
import { setImmediate as soon, setTimeout as delay } from 'node:timers/promises'
import type { Freshness } from '../../../read-api/freshness.ts'
import type { EventStore } from '../../platform/eventStore.ts'
import type { Log } from '../../platform/log.ts'
import { Problem } from '../../platform/route.ts'
import { hear } from '../hearing.ts'
import { type Change, changeOf, hears, hearsLog, type Listener, prefixes, textOf, textOfLog } from './told.ts'

/** What is told of a job under way; it is in no log. */
export interface Progress {
  id: string
  upload_id?: string
  facility_id?: string
  attempt: number
  done: number | null
}

export interface Hub {
  /** A stream of what this person may hear of from now on; throws a problem where too many are open. Ends when they would be let in no more. */
  open(listener: Listener, stillLetIn: () => Promise<void>): Opened
  /** Up to where everything was told. */
  told(): bigint | undefined
  progress(of: Progress): void
  done: Promise<unknown>
}

export interface Opened {
  source: Readable
  /** Adds text as fast as it is read. */
  replay(text: string): Promise<void>
  /** Goes on live; `after` what was replayed. Until then what happens waits. */
  start(after: bigint | undefined): void
}

/** From here on all is to be read anew, once the read models have it. */
interface Anew {
  position: bigint
  isAnew: true
}
type Told = Change | Anew

interface Open {
  listener: Listener
  source: Readable
  stillLetIn: () => Promise<void>
  /** What has happened while older things are still being told; undefined from then on. */
  waiting: Told[] | undefined
}

const heartbeatMs = 15_000
const checkMs = 500
/** Whoever reads so many bytes too slowly is cut off: they come back and go on from what they read last. */
const mostUnread = 128 * 1024
/** Of a stream that is still told of older things. */
const mostWaiting = 500
/** That the log has gone on is said no more often. */
const logEveryMs = 1_000
/** So many are told before those who read get their turn. */
const atOnce = 100
const mostStreams = 1_000
const mostOfOne = 100
export const reset = 'event: reset\ndata: {}\n\n'
const wordsOf = (told: Told) => ('isAnew' in told ? reset : textOf(told))

/** One follower of the log for all who listen. What has happened is told once the read models have it. */
export function createHub(options: {
  store: EventStore
  freshness: Freshness
  /** While the read models are behind, so many changes are kept to be told. */
  mostComing?: number
  log: Log
  signal: AbortSignal
}): Hub {
  const { store, freshness, mostComing = 5_000, log, signal } = options
  const streams = new Set<Open>()
  let coming: Told[] = []
  let told: bigint | undefined

  function write(stream: Open, text: string) {
    stream.source.push(text)
    if (stream.source.readableLength <= mostUnread) return
    log.debug({ user: stream.listener.id }, 'a listener is too slow')
    stream.source.destroy(new Error('too slow'))
  }

  function tell(what: Told) {
    const text = wordsOf(what)
    for (const stream of streams) {
      if (!('isAnew' in what) && !hears(stream.listener, what)) continue
      if (!stream.waiting) write(stream, text)
      else if (stream.waiting.push(what) > mostWaiting) stream.source.destroy(new Error('too slow'))
    }
  }

  const tellAll = (text: string) => streams.forEach((stream) => stream.waiting || write(stream, text))

  async function pump() {
    while (!signal.aborted) {
      const last = coming.at(-1)
      if (!last) {
        await new Promise<void>((resolve) => (wake = resolve))
        continue
      }
      // Behind or stopped: it is told when they have it.
      await freshness.waitFor(last.position, [], signal).catch(() => undefined)
      if ((freshness.position() ?? -1n) < last.position) continue
      const ready = coming.filter(({ position }) => position <= last.position)
      coming = coming.filter(({ position }) => position > last.position)
      for (const [i, what] of ready.entries()) {
        tell(what)
        told = what.position
        if (i % atOnce === atOnce - 1) await soon()
      }
    }
  }

  /** Of whatever has happened, also where nobody is told what. */
  async function tellOfLog() {
    let last = freshness.position()
    while (!signal.aborted) {
      await freshness.waitFor((last ?? -1n) + 1n, [], signal).catch(() => undefined)
      const position = freshness.position()
      if (position === undefined || position === last) continue
      last = position
      for (const stream of streams) if (!stream.waiting && hearsLog(stream.listener)) write(stream, textOfLog(position))
      await delay(logEveryMs, undefined, { signal }).catch(() => undefined)
    }
  }
  let wake: () => void = () => undefined
  /** Whether the log is another one than what was told of. */
  let isOther = false

  function tellAnew(position: bigint) {
    coming = [{ position, isAnew: true }]
    wake()
  }

  const hearing = hear({
    store,
    from: async () => {
      const from = (told ??= await store.head())
      if (isOther) tellAnew(from ?? 0n)
      isOther = false
      return from
    },
    only: { prefixes },
    apply: (event) => {
      const change = changeOf(event)
      if (!change) return
      coming.push(change)
      if (coming.length > mostComing) tellAnew(change.position)
      wake()
    },
    startOver: () => {
      told = undefined
      isOther = true
    },
    of: 'changes',
    log,
    signal,
  })

  const checking = setInterval(() => {
    for (const { source, stillLetIn } of streams) stillLetIn().catch(() => source.push(null))
  }, checkMs).unref()
  const beating = setInterval(() => tellAll(': still here\n\n'), heartbeatMs).unref()
  const stop = () => {
    clearInterval(checking)
    clearInterval(beating)
    for (const { source } of streams) source.push(null)
    wake()
  }
  signal.addEventListener('abort', stop, { once: true })

  return {
    open: (listener, stillLetIn) => {
      const own = [...streams].filter((one) => one.listener.id === listener.id).length
      if (streams.size >= mostStreams || own >= mostOfOne)
        throw new Problem('unavailable', 'Too many streams are open', { headers: { 'Retry-After': '10' } })
      let isRead: () => void = () => undefined
      const source = new Readable({ read: () => isRead() })
      const stream: Open = { listener, source, stillLetIn, waiting: [] }
      streams.add(stream)
      source.once('close', () => {
        streams.delete(stream)
        isRead()
      })
      source.once('end', () => streams.delete(stream))
      return {
        source,
        replay: async (text) => {
          const read = new Promise<void>((resolve) => (isRead = resolve))
          if (!source.destroyed && !source.push(text)) await read
        },
        start: (after) => {
          const { waiting = [] } = stream
          stream.waiting = undefined
          for (const what of waiting)
            if (after === undefined || 'isAnew' in what || what.position > after) write(stream, wordsOf(what))
          const position = freshness.position()
          if (position !== undefined && hearsLog(listener)) write(stream, textOfLog(position))
        },
      }
    },
    told: () => told,
    progress: ({ facility_id, ...progress }) => {
      const text = `event: progress\ndata: ${JSON.stringify({ resource: 'transcodeJob', ...progress })}\n\n`
      for (const stream of streams) {
        const { role, facility_id: own } = stream.listener
        if (!stream.waiting && (role === 'super_admin' || (own !== undefined && own === facility_id)))
          write(stream, text)
      }
    },
    done: Promise.all([hearing.done, pump(), tellOfLog()]),
  }
}
