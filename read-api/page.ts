import type { Knex } from 'knex'
import { z } from 'zod'
import { type Database, rowsOf } from '../ops/platform/database.ts'
import { notFound, Problem, Uuid, whole } from '../ops/platform/route.ts'

/** `?page=1&per_page=20&cursor=&sort=-created_at`, for a list that may be sorted by these columns. */
export const pageQuery = <Columns extends readonly [string, ...string[]]>(...columns: Columns) =>
  z.object({
    page: whole(1, 100_000).default(1),
    per_page: whole(1, 100).default(20),
    cursor: z.string().max(500).optional(),
    sort: z
      .enum(columns.flatMap((column) => [column, `-${column}`]) as [string, ...string[]])
      .default(`-${columns[0]}`),
  })

export type PageQuery = z.infer<ReturnType<typeof pageQuery>>

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    total: z.int(),
    page: z.int(),
    per_page: z.int(),
    pages: z.int(),
    next_cursor: z.string().nullable(),
  })

/**
 * One page of a query, newest first unless asked otherwise, ties broken by id. A cursor goes on after the last row
 * seen, whatever was added meanwhile, and costs the same at any depth.
 * @param nullable columns of the sort that may be null: where none is, the index gives the order
 */
export async function page<Row extends { id: string }>(
  database: Database,
  filtered: Knex.QueryBuilder,
  { page, per_page, cursor, sort }: PageQuery,
  nullable: readonly string[] = [],
) {
  const descending = sort.startsWith('-')
  const column = descending ? sort.slice(1) : sort
  const direction = descending ? 'desc' : 'asc'
  const rows = filtered.clone().orderBy([
    { column, order: direction, ...(nullable.includes(column) && { nulls: 'last' }) },
    { column: 'id', order: direction },
  ])
  if (cursor === undefined) rows.offset((page - 1) * per_page)
  else beyond(rows, { column, isNullable: nullable.includes(column) }, descending ? '<' : '>', after(cursor))
  const [found, counted] = await Promise.all([
    rowsOf<Row>(database, rows.select('*').limit(per_page + 1)),
    rowsOf<{ count: number }>(database, filtered.clone().count({ count: '*' })),
  ])
  const items = found.slice(0, per_page)
  const last = items.at(-1) as (Row & Record<string, unknown>) | undefined
  const total = Number(counted[0]!.count)
  return {
    items,
    total,
    page,
    per_page,
    pages: Math.ceil(total / per_page),
    next_cursor:
      found.length > per_page && last
        ? Buffer.from(JSON.stringify([last[column], last.id])).toString('base64url')
        : null,
  }
}

const Cursor = z.tuple([z.union([z.string(), z.number(), z.null()]), Uuid])

function after(cursor: string): z.infer<typeof Cursor> {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
  } catch {
    throw new Problem('invalid_request', 'This cursor is none of ours', {
      errors: [{ path: 'query.cursor', message: 'unreadable' }],
    })
  }
}

/** What comes after the row last seen; rows without a value come at the end, whichever the direction. */
function beyond(
  rows: Knex.QueryBuilder,
  { column, isNullable }: { column: string; isNullable: boolean },
  than: '<' | '>',
  [value, id]: z.infer<typeof Cursor>,
): void {
  if (value === null) return void rows.whereNull(column).where('id', than, id)
  void rows.where((either) => {
    either.whereRaw(`(??, id) ${than} (?, ?)`, [column, value, id])
    if (isNullable) either.orWhereNull(column)
  })
}

/** Rows whose columns equal what was asked for; what was not asked for is no condition. */
export function matching(
  query: Knex.QueryBuilder,
  wanted: Readonly<Record<string, string | undefined>>,
): Knex.QueryBuilder {
  for (const [column, value] of Object.entries(wanted)) if (value !== undefined) query.where(column, value)
  return query
}

/** Rows of which one of the columns contains the text, in whatever case. */
export function searching(
  query: Knex.QueryBuilder,
  text: string | undefined,
  columns: readonly string[],
): Knex.QueryBuilder {
  const pattern = `%${text?.replace(/[\\%_]/g, '\\$&')}%`
  return text === undefined
    ? query
    : query.where((either) => columns.reduce((query, column) => query.orWhereILike(column, pattern), either))
}

/** A single row or 404; another facility's row is as unknown as none. */
export async function one<Row>(database: Database, query: Knex.QueryBuilder): Promise<Row> {
  const [row] = await rowsOf<Row>(database, query.limit(1))
  if (row === undefined) throw notFound()
  return row
}
