import type { Knex } from 'knex'
import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'
import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'
import { Id, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import { History } from '../ops/platform/shapes.ts'
import { one } from './page.ts'

type Fields = Record<string, unknown> | null

export interface HistoryDeps {
  database: Database
  store: EventStore
  /** The row of the read model before and after each of these events, by the projection's own fold. */
  changesOf: (
    readModel: string,
    id: string,
    events: readonly Recorded[],
  ) => readonly { before: Fields; after: Fields }[]
}

/** Never shown to anyone, whatever the role. */
const secrets = new Set(['password_hash', 'secret_sha256', 'refresh_id', 'wrapped', 'object_key'])

/**
 * `GET <path>/:id/history`: the resource's own events and those of whatever belongs to it, oldest first.
 * @param visible the rows of the read model that the caller may see
 */
export function historyRoute(
  { database, store, changesOf }: HistoryDeps,
  what: {
    path: string
    resource: string
    readModel: string
    permission: string
    visible: (facility: string | undefined) => Knex.QueryBuilder
  },
): Route {
  return route<{ id: string }>({
    method: 'GET',
    path: `${what.path}/:id/history`,
    permission: what.permission,
    params: Id,
    reads: [what.readModel, 'resource_events', 'users'],
    answers: { 200: History, 404: ProblemDocument },
    run: async ({ params, facility }) => {
      await one(database, what.visible(facility).where({ id: params.id }).select('id'))
      const events = await eventsOf(database, store, what.resource, params.id)
      const changes = changesOf(what.readModel, params.id, events)
      const names = await namesOf(database, events)
      return { status: 200, body: { items: events.map((event, i) => item(event, changes[i]!, names)) } }
    },
  })
}

async function eventsOf(database: Database, store: EventStore, resource: string, id: string): Promise<Recorded[]> {
  const known = await rowsOf<{ stream: string; revision: number }>(
    database,
    queryBuilder('resource_events').where({ resource, id }).orderBy('position').select('stream', 'revision'),
  )
  const streams = [...new Set(known.map(({ stream }) => stream))]
  const read = new Map(await Promise.all(streams.map(async (stream) => [stream, await store.read(stream)] as const)))
  return known.flatMap(({ stream, revision }) => read.get(stream)!.find((event) => event.revision === revision) ?? [])
}

async function namesOf(database: Database, events: readonly Recorded[]): Promise<ReadonlyMap<string, string>> {
  const actors = events.map(({ metadata }) => metadata['actor'] as Actor)
  const people = [...new Set(actors.filter(({ kind }) => kind === 'user').map(({ id }) => id))]
  const devices = [...new Set(actors.filter(({ kind }) => kind === 'device').map(({ id }) => id))]
  const found = await Promise.all([
    rowsOf<{ id: string; name: string }>(database, queryBuilder('users').whereIn('id', people).select('id', 'name')),
    rowsOf<{ id: string; name: string }>(database, queryBuilder('devices').whereIn('id', devices).select('id', 'name')),
  ])
  return new Map(found.flat().map(({ id, name }) => [id, name]))
}

interface Actor {
  kind: 'user' | 'device' | 'system'
  id: string
}

function item(
  event: Recorded,
  { before, after }: { before: Fields; after: Fields },
  names: ReadonlyMap<string, string>,
) {
  const actor = event.metadata['actor'] as Actor
  const data = Object.fromEntries(Object.entries(event.data).filter(([field]) => !secrets.has(field)))
  const at = Object.entries(event.data).find(
    ([field]) => field.endsWith('_at') && !['expires_at', 'recorded_at'].includes(field),
  )
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter(
    (field) => !secrets.has(field),
  )
  return {
    position: String(event.position),
    stream: event.stream,
    revision: event.revision,
    type: event.type,
    at: at?.[1],
    actor: { ...actor, name: actor.kind === 'system' ? actor.id : (names.get(actor.id) ?? null) },
    data: withoutKeys(data),
    changes: fields
      .map((field) => ({
        field,
        before: withoutKeys(before?.[field] ?? null),
        after: withoutKeys(after?.[field] ?? null),
      }))
      .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after)),
  }
}

/** Where objects lie is no one's business either, at any depth. */
function withoutKeys(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (field, inner: unknown) => (secrets.has(field) ? undefined : inner)) ?? 'null',
  ) as unknown
}
