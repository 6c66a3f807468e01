import { z } from 'zod'
import type { Direction, Recorded } from '../ops/platform/eventStore.ts'
import { StreamGone } from '../ops/platform/eventStoreErrors.ts'
import { notFound, Problem, ProblemDocument, type Route, route, whole } from '../ops/platform/route.ts'
import { LogEvent, LogEventInFull } from '../ops/platform/shapes/log.ts'
import { actorOf, namesOf } from './actorNames.ts'
import { changeOf } from './eventChange.ts'
import type { ResourceDeps } from './folding.ts'
import { categoryOf, entry, inFull } from './logEvents.ts'
import { inLog, inStream, pageOf, startingWith, type Way } from './logPages.ts'

export interface EventsDeps extends ResourceDeps {
  /** The names of the fields that are sealed in events of this category. */
  personalFieldsOf: (category: string) => ReadonlySet<string>
}

const path = '/api/v1/events'
const permission = 'event:read'
const decimal = z.string().regex(/^\d{1,19}$/, 'must be a position')
const word = z.string().regex(/^\w{1,100}$/)
const streamName = z.string().regex(/^[^$].{0,299}$/, 'must be the name of a stream, and none of the server’s own')
const directions = z.enum(['forwards', 'backwards'])

const paging = {
  type: word.optional().meta({ description: 'How their types begin: `Upload`, `UploadReceived`' }),
  per_page: whole(1, 100).default(20),
  cursor: decimal
    .optional()
    .meta({ description: 'A `next_cursor` of the same direction: goes on there, whatever `from` says' }),
}

const Query = z.object({
  stream: streamName.optional().meta({ description: 'Of this stream alone: `upload-<id>`' }),
  category: word.optional().meta({ description: 'Of streams of this kind: `upload`' }),
  direction: directions.default('backwards').meta({ description: '`backwards`: newest first' }),
  from: decimal.optional().meta({
    description: 'The first to be looked at: the position of an event; with `stream`, a revision',
  }),
  ...paging,
})
const StreamQuery = z.object({
  direction: directions.default('forwards').meta({ description: '`forwards`: oldest first' }),
  from: whole(0).optional().meta({ description: 'The first revision to be looked at' }),
  ...paging,
})
const Page = z.object({ items: z.array(LogEvent), next_cursor: z.string().nullable() })

type Paging = Pick<z.infer<typeof Query>, 'type' | 'per_page' | 'cursor' | 'category'>

/** `GET /api/v1/events`: the log itself, or one stream of it, page by page; one event with what it did. Personal fields are masked for everybody. */
export const events = (deps: EventsDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission,
    query: Query,
    answers: { 200: Page, 400: ProblemDocument },
    run: async ({ query: { stream, direction, from, ...paging } }) => {
      const found =
        stream === undefined
          ? await paged(deps, await wayInLog(deps, direction, from, paging.cursor), paging)
          : await ofStream(deps, stream, direction, from === undefined ? undefined : Number(from), paging).catch(
              noneWhereItIsGone,
            )
      return { status: 200, body: found }
    },
  }),
  route<{ name: string }, z.infer<typeof StreamQuery>>({
    method: 'GET',
    path: `${path}/streams/:name`,
    permission,
    params: z.strictObject({ name: streamName }),
    query: StreamQuery,
    answers: { 200: Page, 400: ProblemDocument, 404: ProblemDocument },
    run: async ({ params: { name }, query: { direction, from, ...paging } }) => {
      const found = await ofStream(deps, name, direction, from, paging)
      if (found.items.length === 0 && !(await isThere(deps, name))) throw notFound()
      return { status: 200, body: found }
    },
  }),
  route<{ position: string }>({
    method: 'GET',
    path: `${path}/:position`,
    permission,
    params: z.strictObject({ position: decimal }),
    reads: ['resource_events'],
    answers: { 200: LogEventInFull, 400: ProblemDocument, 404: ProblemDocument },
    run: async ({ params: { position } }) => {
      const event = await eventOf(deps, BigInt(position))
      if (!event) throw notFound()
      const [names, change] = await Promise.all([namesOf(deps.database, [actorOf(event)]), changeOf(deps, event)])
      const personal = deps.personalFieldsOf(categoryOf(event.stream))
      return { status: 200, body: inFull(event, change, { names, personal }) }
    },
  }),
]

/** Those of this way that are wanted, so many. */
async function paged(
  { database }: EventsDeps,
  way: Way,
  { type = '', category, per_page, cursor }: Paging,
): Promise<z.infer<typeof Page>> {
  const isWanted = (event: Recorded) =>
    event.type.startsWith(type) && (category === undefined || categoryOf(event.stream) === category)
  const { found, next } = await pageOf(way, cursor, per_page, isWanted)
  const names = await namesOf(database, found.map(actorOf))
  return { items: found.map((event) => entry(event, names)), next_cursor: next }
}

const ofStream = (
  deps: EventsDeps,
  stream: string,
  direction: Direction,
  from: number | undefined,
  paging: Paging,
): Promise<z.infer<typeof Page>> => paged(deps, inStream(deps.store, stream, direction, from), paging)

function noneWhereItIsGone(error: unknown): z.infer<typeof Page> {
  if (error instanceof StreamGone) return { items: [], next_cursor: null }
  throw error
}

const isThere = async ({ store }: EventsDeps, stream: string) =>
  (await store.read(stream, { direction: 'backwards', max: 1, unreadable: 'too' })).length > 0

/** Servers differ in what they answer at a position that no event has. */
async function wayInLog(
  deps: EventsDeps,
  direction: Direction,
  from: string | undefined,
  cursor: string | undefined,
): Promise<Way> {
  const way = inLog(deps.store, direction)
  if (cursor !== undefined) {
    if ((await deps.store.eventAt(BigInt(cursor))) === 'beyond')
      throw unknownPlace('cursor', 'This cursor is none of ours')
    return way
  }
  if (from === undefined) return way
  const first = await eventOf(deps, BigInt(from))
  if (!first) throw unknownPlace('from', 'No event is at this position')
  return startingWith(first, way)
}

const unknownPlace = (parameter: string, detail: string) =>
  new Problem('invalid_request', detail, { errors: [{ path: `query.${parameter}`, message: 'unknown' }] })

/** Undefined where there is none, or one of the server's own. */
async function eventOf({ store }: EventsDeps, position: bigint): Promise<Recorded | undefined> {
  const found = await store.eventAt(position)
  if (typeof found === 'string' || found.stream.startsWith('$')) return undefined
  const [event] = await store.read(found.stream, { from: found.revision, max: 1, unreadable: 'too' })
  return event
}
