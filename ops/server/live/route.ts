import { z } from 'zod'
import type { EventStore } from '../../platform/eventStore.ts'
import type { Freshness } from '../../../read-api/freshness.ts'
import { Problem, ProblemDocument, type Route, route } from '../../platform/route.ts'
import { type Hub, type Opened, reset } from './hub.ts'
import { type Change, changeOf, hears, type Listener, textOf } from './told.ts'

/** So many events of the log at most are looked through for somebody who was away. */
const mostMissed = 5_000

const stream = z.string().meta({
  contentMediaType: 'text/event-stream',
  description: [
    'Server-sent events, to be read by fetch with the Authorization header. `ready` {position}, then',
    '`change` {resource, id, type, position} once reads have it; `progress` {resource, id, upload_id, attempt, done} of jobs under way (done: 0 to 1,',
    'or null); `log` {position} to whoever may read the whole log, once it has gone on, every second at most; `reset` where what was missed is too much to be told: read everything anew. The id of an event is its position: sent as',
    'Last-Event-ID, what was missed comes first. A comment every 15 seconds. It ends with the access token and with the session.',
  ].join(' '),
})

/** Tells what this person has missed since then; false where that is too much, or where it is no position of this log. */
async function tellMissed(
  { store, listener, replay }: { store: EventStore; listener: Listener; replay: Opened['replay'] },
  after: bigint,
  upTo: bigint,
): Promise<boolean> {
  if (after > upTo || (await store.eventAt(after)) === 'beyond') return false
  let seen = 0
  for await (const events of store.readAll(after)) {
    const missed = events.filter(({ position }) => position <= upTo)
    if ((seen += missed.length) > mostMissed) return false
    const changes = missed.map(changeOf).filter((change) => change && hears(listener, change)) as Change[]
    if (changes.length > 0) await replay(changes.map(textOf).join(''))
    if (missed.length < events.length) break
  }
  return true
}

const positionOf = (header: string | string[] | undefined) =>
  typeof header === 'string' && /^\d{1,20}$/.test(header) ? BigInt(header) : undefined

/** `GET /api/v1/live` */
export const live = ({ store, hub, freshness }: { store: EventStore; hub: Hub; freshness: Freshness }): Route =>
  route({
    method: 'GET',
    path: '/api/v1/live',
    permission: 'live:read',
    answers: { 200: stream, 503: ProblemDocument },
    run: ({ caller, raw, stillLetIn, signal }) => {
      if (caller.kind !== 'user') throw new Problem('forbidden', 'This is for people')
      const header = raw.headers['last-event-id']
      const begin = async ({ replay, start }: Opened) => {
        const told = hub.told() ?? (await store.head()) ?? -1n
        await freshness.waitFor(told, [], signal)
        const after = positionOf(header)
        const isTold = after !== undefined && (await tellMissed({ store, listener: caller, replay }, after, told))
        if (header !== undefined && !isTold) await replay(reset)
        const position = String(told)
        await replay(`id: ${position}\nevent: ready\nretry: 1000\ndata: ${JSON.stringify({ position })}\n\n`)
        start(told)
      }
      const open = () => {
        const opened = hub.open(caller, stillLetIn)
        begin(opened).catch((error: Error) => opened.source.destroy(error))
        return Promise.resolve(opened.source)
      }
      const headers = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' }
      return Promise.resolve({ status: 200, headers, stream: open })
    },
  })
