import { isDeepStrictEqual } from 'node:util'
import type { Client } from 'pg'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { foldRow, type Row } from './fold.ts'
import type { Skipped } from './orders.ts'
import { isAppendOnly, type AnyProjection, type Projection, tableOf } from './projection.ts'
import { eventsOf } from './verify.ts'

export interface Difference {
  added: number
  removed: number
  changed: number
  /** How many changed rows differ in each field. */
  fields: { field: string; rows: number }[]
  samples: Sample[]
}

export interface Sample {
  id: string
  kind: 'added' | 'removed' | 'changed'
  fields: { field: string; before: unknown; after: unknown }[]
  /** After which the two rows differ for the first time: `<type> <revision>@<stream>`. */
  since: string | undefined
}

interface Options {
  client: Client
  store: EventStore
  /** What is read now, and what would be read instead. */
  before: AnyProjection
  after: AnyProjection
  /** Where they are, if not in the versions' own tables. */
  tables?: readonly [before: string, after: string]
  /** Up to which both were folded. */
  position: bigint | undefined
  skipped: Skipped
  samples?: number
}

/** A column that one version lacks and the other has empty is no difference to anybody. */
const differsIn = (a: string, b: string) =>
  `nullif(${a}.value, 'null'::jsonb) is distinct from nullif(${b}.value, 'null'::jsonb)`

/** Of the rows o and y, of which one may be missing; most are the same as a whole. */
const differs = `(to_jsonb(o) is distinct from to_jsonb(y) and (o.id is null or y.id is null or exists (
  select 1 from jsonb_each(to_jsonb(o)) a full join jsonb_each(to_jsonb(y)) b using (key) where ${differsIn('a', 'b')})))`

/** What readers would see change if another version were shown: all of it counted, some of it shown with the event that caused it. */
export async function diff(options: Options): Promise<Difference> {
  const { client, before, after } = options
  const [old, young] = options.tables ?? [tableOf(before), tableOf(after)]
  if (isAppendOnly(before) || isAppendOnly(after)) return appendOnly(client, old, young)
  const joined = `from ${old} o full join ${young} y using (id)`
  const { rows } = await client.query<{ added: number; removed: number; changed: number }>(
    `select count(*) filter (where o.id is null) as added, count(*) filter (where y.id is null) as removed,
            count(*) filter (where o.id is not null and y.id is not null and ${differs}) as changed ${joined}`,
  )
  const fields = await client.query<{ field: string; rows: number }>(
    `select field, count(*) as rows
       from ${old} o join ${young} y using (id),
            lateral (select coalesce(a.key, b.key) as field from jsonb_each(to_jsonb(o)) a full join jsonb_each(to_jsonb(y)) b using (key)
                      where ${differsIn('a', 'b')}) fields
      group by field order by rows desc, field`,
  )
  return {
    ...rows[0]!,
    fields: fields.rows,
    samples: await samplesOf(options as Options & { before: Projection; after: Projection }, joined),
  }
}

async function appendOnly(client: Client, old: string, young: string): Promise<Difference> {
  const less = (one: string, other: string) =>
    `(select count(*) from (select to_jsonb(t) from ${one} t except all select to_jsonb(t) from ${other} t) d)`
  const { rows } = await client.query<{ added: number; removed: number }>(
    `select ${less(young, old)} as added, ${less(old, young)} as removed`,
  )
  return { ...rows[0]!, changed: 0, fields: [], samples: [] }
}

async function samplesOf(
  { client, store, before, after, position, skipped, samples = 5 }: Options & { before: Projection; after: Projection },
  joined: string,
): Promise<Sample[]> {
  const { rows } = await client.query<{ id: string; o: Row | null; y: Row | null }>(
    `select id, to_jsonb(o) as o, to_jsonb(y) as y ${joined} where ${differs} order by id limit $1`,
    [samples],
  )
  const events = await eventsOf(
    { client, store, position, skipped, projection: after },
    rows.map(({ id }) => id),
  )
  return rows.map(({ id, o, y }) => {
    const own = events.get(id) ?? []
    const [was, is] = [foldRow(before, id, own), foldRow(after, id, own)]
    const first = own.findIndex((_, i) => !isDeepStrictEqual(was[i]!.after, is[i]!.after))
    const cause = own[first]
    return {
      id,
      kind: o === null ? 'added' : y === null ? 'removed' : 'changed',
      fields: [...new Set([...Object.keys(o ?? {}), ...Object.keys(y ?? {})])]
        .map((field) => ({ field, before: o?.[field] ?? null, after: y?.[field] ?? null }))
        .filter(({ before, after }) => !isDeepStrictEqual(before, after)),
      since: cause && `${cause.type} ${cause.revision}@${cause.stream}`,
    }
  })
}
