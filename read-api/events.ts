import { z } from 'zod'
import type { Recorded } from '../ops/platform/eventStore.ts'
import { StreamGone } from '../ops/platform/eventStoreErrors.ts'
import { timeOf } from '../ops/platform/eventTime.ts'
import { notFound, Problem, ProblemDocument, type Route, route, whole } from '../ops/platform/route.ts'
import { LogEvent, LogEventInFull } from '../ops/platform/shapes.ts'
import { actorOf, named, namesOf } from './actorNames.ts'
import { type Change, changesOf, type ResourceDeps, shownFolding } from './folding.ts'
import { fieldsOf, withoutKeys } from './history.ts'
import { inLog, inStream, newest } from './newest.ts'
import { eventsAt, placesOf } from './resourceEvents.ts'
import { secrets } from './secrets.ts'

export interface EventsDeps extends ResourceDeps {
  /** The names of the fields that are sealed in events of this category. */
  personalFieldsOf: (category: string) => ReadonlySet<string>
}

const path = '/api/v1/events'
const permission = 'event:read'
const decimal = z.string().regex(/^\d{1,19}$/, 'must be a position')

const Query = z.object({
  stream: z
    .string()
    .regex(/^[^$].{0,299}$/, 'must be the name of a stream, and none of the server’s own')
    .optional()
    .meta({ description: 'Of this stream alone: `upload-<id>`' }),
  category: z
    .string()
    .regex(/^\w{1,100}$/)
    .optional()
    .meta({ description: 'Of streams of this kind: `upload`' }),
  type: z
    .string()
    .regex(/^\w{1,100}$/)
    .optional()
    .meta({ description: 'How their types begin: `Upload`, `UploadReceived`' }),
  per_page: whole(1, 100).default(20),
  cursor: decimal.optional().meta({ description: 'A `next_cursor`' }),
})
const Page = z.object({ items: z.array(LogEvent), next_cursor: z.string().nullable() })

/** Where the rows are that events of these streams make. */
const readModels: Readonly<Record<string, string>> = {
  apiKey: 'api_keys',
  device: 'devices',
  facility: 'facilities',
  firmwareChannel: 'firmware_channels',
  firmwareKey: 'firmware_keys',
  firmwareRelease: 'firmware_releases',
  gpuServer: 'gpu_servers',
  inferenceJob: 'inference_jobs',
  session: 'sessions',
  tag: 'tags',
  transcodeJob: 'transcode_jobs',
  upload: 'uploads',
  user: 'users',
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const categoryOf = (stream: string) => stream.split('-', 1)[0]!
const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null)

function atOf(data: unknown): string | null {
  const at: unknown = typeof data === 'object' && data !== null ? timeOf(data as Record<string, unknown>) : undefined
  return typeof at === 'string' && !Number.isNaN(Date.parse(at)) ? at : null
}

const entry = (event: Recorded, names: ReadonlyMap<string, string>): z.infer<typeof LogEvent> => ({
  position: String(event.position),
  id: event.id,
  at: atOf(event.data),
  stream: event.stream,
  revision: event.revision,
  type: event.type,
  actor: named(actorOf(event), names),
  facility_id: textOrNull(event.metadata['facility_id']),
  correlation_id: textOrNull(event.metadata['$correlationId']),
})

/** `GET /api/v1/events`: the log itself, newest first; one event with what it did. Personal fields are masked for everybody. */
export const events = (deps: EventsDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission,
    query: Query,
    answers: { 200: Page, 400: ProblemDocument },
    run: async ({ query: { stream, category, type = '', per_page, cursor } }) => {
      if (stream === undefined && cursor !== undefined) await known(deps, cursor)
      const isWanted = (event: Recorded) =>
        event.type.startsWith(type) && (category === undefined || categoryOf(event.stream) === category)
      const backwards = stream === undefined ? inLog(deps.store) : inStream(deps.store, stream)
      const { found, next } = await newest(backwards, cursor, per_page, isWanted).catch((error: unknown) => {
        if (error instanceof StreamGone) return { found: [], next: null }
        throw error
      })
      const names = await namesOf(deps.database, found.map(actorOf))
      return { status: 200, body: { items: found.map((event) => entry(event, names)), next_cursor: next } }
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
      return { status: 200, body: await inFull(deps, event) }
    },
  }),
]

/** Servers differ in what they answer before a position that no event has. */
async function known({ store }: EventsDeps, cursor: string): Promise<void> {
  if ((await store.eventAt(BigInt(cursor))) === 'beyond')
    throw new Problem('invalid_request', 'This cursor is none of ours', {
      errors: [{ path: 'query.cursor', message: 'unreadable' }],
    })
}

async function eventOf({ store }: EventsDeps, position: bigint): Promise<Recorded> {
  const found = await store.eventAt(position)
  if (typeof found === 'string' || found.stream.startsWith('$')) throw notFound()
  const [event] = await store.read(found.stream, { from: found.revision, max: 1, unreadable: 'too' })
  if (!event) throw notFound()
  return event
}

async function inFull(deps: EventsDeps, event: Recorded): Promise<z.infer<typeof LogEventInFull>> {
  const [names, what] = await Promise.all([namesOf(deps.database, [actorOf(event)]), changeOf(deps, event)])
  const personal = deps.personalFieldsOf(categoryOf(event.stream))
  const masked = (field: string, value: unknown) => (personal.has(field) && value !== null ? '[masked]' : value)
  const data = withoutKeys(event.data)
  const isShown = (field: string) => !secrets.has(field)
  return {
    ...entry(event, names),
    schema: typeof event.metadata['schema'] === 'number' ? event.metadata['schema'] : null,
    causation_id: textOrNull(event.metadata['$causationId']),
    data:
      typeof data === 'object' && data !== null && !Array.isArray(data)
        ? Object.fromEntries(Object.entries(data).map(([field, value]) => [field, masked(field, value)]))
        : data,
    changes: what.change
      ? fieldsOf(what.change, isShown, withoutKeys).map(({ field, before, after }) => ({
          field,
          before: masked(field, before),
          after: masked(field, after),
        }))
      : null,
    unfolded: what.unfolded,
  }
}

type Folded = { change: Change; unfolded: null } | { change: null; unfolded: string }

const unfolded = (why: string): Folded => ({ change: null, unfolded: why })

/** What it did to the row of its own resource, by the read model that readers see; a browser of the log shows what cannot be folded as well. */
async function changeOf(deps: EventsDeps, event: Recorded): Promise<Folded> {
  const category = categoryOf(event.stream)
  const id = event.stream.slice(category.length + 1)
  const readModel = readModels[category]
  if (readModel === undefined) return unfolded(`No read model shows a ${category} by itself`)
  try {
    const folding = await shownFolding(deps, readModel)
    if (folding.isSkipped(event.position)) return unfolded(`An operator has it passed over in ${readModel}`)
    const folded = (await upTo(deps, category, id, event)).filter(({ position }) => !folding.isSkipped(position))
    const change = changesOf(folding, id, folded).at(-1)
    return change ? { change, unfolded: null } : unfolded('Nothing is known of its stream')
  } catch (error) {
    if (error instanceof Problem) return unfolded(error.message)
    throw error
  }
}

/** What happened to the resource up to this event; of its own stream alone where no read model knows of others. */
async function upTo(deps: EventsDeps, category: string, id: string, event: Recorded): Promise<readonly Recorded[]> {
  const places = uuid.test(id) ? await placesOf(deps, category, id) : []
  const before = places.filter(({ position }) => position <= event.position)
  if (before.at(-1)?.position === event.position) return eventsAt(deps.store, before)
  const own = await deps.store.read(event.stream, { unreadable: 'too' })
  return own.filter(({ revision }) => revision <= event.revision)
}
