import type { Knex } from 'knex'
import { z } from 'zod'
import { type Database, queryBuilder } from '../ops/platform/database.ts'
import { line, type Route, route, Time, Uuid } from '../ops/platform/route.ts'
import { AuditEntry } from '../ops/platform/shapes/log.ts'
import type { AuditRow } from '../projections/audit.ts'
import { named, namesOf } from './actorNames.ts'
import { exportOf, type Format, formats } from './auditExport.ts'
import { matching, page, pageOf, pageQuery } from './page.ts'
import { secrets, withoutFields } from './secrets.ts'

/** A row as the database gives it. */
export type StoredRow = Omit<AuditRow, 'position'> & { position: number }
export type Entry = z.infer<typeof AuditEntry>

export interface AuditDeps {
  database: Database
  /** The data of a stored event with its personal fields opened; throws where one was tampered with. */
  opened: (stored: { stream: string; type: string; data: Record<string, any> }) => Promise<Record<string, any>>
}

const Filters = z.object({
  actor: line(100).optional(),
  action: line(100).optional(),
  resource: line(300).optional().meta({ description: 'A kind, like `upload`, or one of it: `upload-<id>`' }),
  facility_id: Uuid.optional(),
  from: Time.optional(),
  to: Time.optional(),
})

const Query = pageQuery('position').extend(Filters.shape)

const path = '/api/v1/audit'
const reads = ['audit', 'users', 'devices']

function filtered(
  { actor, action, resource, facility_id, from, to }: z.infer<typeof Filters>,
  own: string | undefined,
): Knex.QueryBuilder {
  const query = queryBuilder('audit')
  matching(query, { facility_id: own })
  const dash = resource?.indexOf('-') ?? -1
  const [kind, id] = dash < 0 ? [resource] : [resource!.slice(0, dash), resource!.slice(dash + 1)]
  matching(query, { actor_id: actor, action, resource: kind, resource_id: id, facility_id })
  if (from) query.where('at', '>=', from)
  if (to) query.where('at', '<', to)
  return query
}

/** `GET /api/v1/audit`: who did what, newest first; `.csv` and `.ndjson` give all that is asked for at once. */
export const audit = (deps: AuditDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission: 'audit:read',
    query: Query,
    reads,
    answers: { 200: pageOf(AuditEntry) },
    run: async ({ query, facility }) => {
      const { items, ...rest } = await page<StoredRow>(deps.database, filtered(query, facility), query)
      return { status: 200, body: { ...rest, items: await shown(deps, items) } }
    },
  }),
  ...(Object.keys(formats) as Format[]).map((format) =>
    route<{}, z.infer<typeof Filters>>({
      method: 'GET',
      path: `${path}.${format}`,
      permission: 'audit:read',
      query: Filters,
      reads,
      answers: { 200: z.string().meta({ contentMediaType: formats[format].type.split(';')[0] }) },
      run: ({ query, facility, signal }) =>
        Promise.resolve(
          exportOf(format, {
            database: deps.database,
            rows: filtered(query, facility),
            shown: (rows) => shown(deps, rows),
            signal,
          }),
        ),
    }),
  ),
]

async function shown(deps: AuditDeps, rows: readonly StoredRow[]): Promise<Entry[]> {
  const actors = rows.map(({ actor_kind: kind, actor_id: id }) => ({ kind, id }))
  const [names, data] = await Promise.all([
    namesOf(deps.database, actors),
    Promise.all(rows.map((row) => dataOf(deps, row))),
  ])
  return rows.map((row, i) => ({
    position: String(row.position),
    id: row.id,
    at: row.at,
    action: row.action,
    actor: named(actors[i]!, names),
    facility_id: row.facility_id,
    resource: row.resource,
    resource_id: row.resource_id,
    revision: row.revision,
    correlation_id: row.correlation_id,
    data: data[i],
  }))
}

/** An event whose personal fields do not open is part of the trail all the same: they stay sealed. */
async function dataOf({ opened }: AuditDeps, { action, resource, resource_id, data }: StoredRow): Promise<unknown> {
  const stored = parsed(data)
  const stream = resource_id === '' ? resource : `${resource}-${resource_id}`
  const readable = await opened({ stream, type: action, data: stored }).catch(() => stored)
  return withoutFields(readable, secrets)
}

/** Of somebody else's event, it may be no JSON at all. */
function parsed(data: string): any {
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}
