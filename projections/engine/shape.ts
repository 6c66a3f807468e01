import type { ClientBase } from 'pg'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { faultOfData } from './faults.ts'
import { type AnyProjection, tableOf } from './projection.ts'

/** How a value gets into a column. */
interface Column {
  name: string
  kind: 'text' | 'plain' | 'uuid' | 'json' | 'array' | 'time' | 'inexact'
}

const kinds: Record<string, Column['kind']> = {
  text: 'text',
  jsonb: 'json',
  ARRAY: 'array',
  uuid: 'uuid',
  'timestamp with time zone': 'time',
  'double precision': 'inexact',
  real: 'inexact',
}

/** A migration is missing. */
export class NoTable extends Error {
  override readonly name = 'NoTable'
}

type Values = Readonly<Record<string, unknown>>

/** The columns of a projection's table as they are in the database, and how its rows are written by COPY and summed up. */
export class Shape {
  readonly table: string
  /** First those whose text is the same here and in Postgres. */
  readonly columns: readonly Column[]
  readonly #exact: readonly Column[]
  readonly #times: readonly Column[]
  readonly #hasOthers: boolean
  readonly #exactText: (row: Values) => string
  readonly #needsEscapes: (row: Values) => boolean
  readonly #escapedText: (row: Values) => string
  readonly #otherText: (row: Values) => string
  readonly #timesText: (row: Values) => string

  private constructor(table: string, columns: readonly Column[]) {
    const of = (...kinds: Column['kind'][]) => columns.filter(({ kind }) => kinds.includes(kind))
    const others = of('json', 'array', 'time', 'inexact')
    this.table = table
    this.#exact = of('text', 'plain', 'uuid')
    this.#times = of('time')
    this.columns = [...this.#exact, ...others]
    this.#hasOthers = others.length > 0
    this.#exactText = joined(this.#exact, (value, kind) =>
      kind === 'uuid' ? `(${value}?.toLowerCase() ?? none)` : `(${value} ?? none)`,
    )
    this.#needsEscapes = made(`special.test(${of('text').map(valueOf).join(') || special.test(')})`)
    this.#escapedText = joined(this.#exact, (value, kind) => `cell(${value}, '${kind}')`)
    this.#otherText = joined(others, (value, kind) => `cell(${value}, '${kind}')`)
    this.#timesText = joined(this.#times, (value) => `(${value} ? Date.parse(${value}) : none)`)
  }

  /** Throws when a migration has not made the table. */
  static async of(client: ClientBase, table: string): Promise<Shape> {
    const { rows } = await client.query<{ name: string; type: string }>(
      `select attname as name, case typcategory when 'A' then 'ARRAY' else format_type(t.oid, null) end as type
         from pg_attribute a join pg_type t on t.oid = atttypid
        where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
      [table],
    )
    if (rows.length === 0) throw new NoTable(`There is no table ${table}: write its migration`)
    return new Shape(
      table,
      rows.map(({ name, type }) => ({ name, kind: kinds[type] ?? 'plain' })),
    )
  }

  get names(): string {
    return this.columns.map(({ name }) => name).join(', ')
  }

  /** What the line and the checksum of a row have in common. */
  exact(row: Values): string {
    return this.#exactText(row)
  }

  /** A line of Postgres's COPY text format. Throws a fault of data where jsonb, which the live group writes by, would refuse the row. */
  line(row: Values, exact: string): string {
    const text = this.#needsEscapes(row) ? this.#escapedText(row) : exact
    return this.#hasOthers ? `${text}\t${this.#otherText(row)}\n` : `${text}\n`
  }

  /** Of the columns whose text, or time, is the same on both sides; rows in any order, their sum is that of `checksumSql`. */
  checksum(row: Values, exact: string): number {
    return crc32(this.#times.length > 0 ? `${exact}\t${this.#timesText(row)}` : exact)
  }

  get checksumSql(): string {
    const texts = [
      ...this.#exact.map(({ name }) => `${name}::text`),
      ...this.#times.map(({ name }) => `floor(extract(epoch from ${name}) * 1000)::bigint::text`),
    ].map((text) => `coalesce(${text}, '\\N')`)
    return `coalesce(sum(crc32(convert_to(${texts.join(` || E'\\t' || `)}, 'UTF8'))), 0)::text`
  }
}

/** How COPY writes null. */
const none = '\\N'
const valueOf = ({ name }: { name: string }) => `row[${JSON.stringify(name)}]`

/** The texts of these columns, one behind the other. */
function joined(columns: readonly Column[], text: (value: string, kind: Column['kind']) => string) {
  const texts = columns.map((column) => text(valueOf(column), column.kind))
  return made<string>(`'' + ${texts.length > 0 ? texts.join(` + '\\t' + `) : `''`}`)
}

/**
 * A function made for these very columns: to read a million rows by names in variables takes several times as long. The names are those of
 * columns in our own migrations.
 */
const made = <Result>(expression: string) =>
  new Function('cell', 'special', 'none', `return (row) => ${expression}`)(cell, special, none) as (
    row: Values,
  ) => Result

/** What COPY takes for something else, and what only looks like text. */
const special = /[\\\t\n\r\ud800-\udfff]/
const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function escaped(text: string): string {
  if (!special.test(text)) return text
  if (!text.isWellFormed()) throw faultOfData('A row has half of a pair of surrogates')
  return text.replace(/[\\\t\n\r]/g, (character) => escapes[character]!)
}

function cell(value: unknown, kind: Column['kind']): string {
  if (value === null || value === undefined) return none
  if (kind === 'json') return escaped(JSON.stringify(value))
  if (kind === 'array') return escaped(arrayText(value as readonly unknown[]))
  return typeof value === 'string' ? escaped(value) : String(value as number | boolean | bigint)
}

const arrayText = (values: readonly unknown[]) =>
  `{${values.map((value) => (value === null ? 'NULL' : `"${String(value).replace(/["\\]/g, '\\$&')}"`)).join(',')}}`

const longestName = 63

/** Those of a projection's table that are not there yet: only to look for one costs little, and is done often. */
export async function makeIndexes(client: ClientBase, projection: AnyProjection): Promise<void> {
  const table = tableOf(projection)
  const wanted = new Map(projection.indexes.map((columns) => [indexName(table, columns), columns]))
  const { rows } = await client.query<{ name: string }>(
    'select name from unnest($1::text[]) name where to_regclass(quote_ident(name)) is null',
    [[...wanted.keys()]],
  )
  for (const { name } of rows)
    await client.query(`create index if not exists ${name} on ${table} ${keyOf(wanted.get(name)!)}`)
}

/** Those that `makeIndexes` makes, and no other: somebody may have made one of their own. */
export async function dropIndexes(client: ClientBase, projection: AnyProjection): Promise<void> {
  const table = tableOf(projection)
  for (const columns of projection.indexes) await client.query(`drop index if exists ${indexName(table, columns)}`)
}

/** What comes in brackets by itself, unless it says by which method. */
const keyOf = (columns: string) => (columns.startsWith('using ') ? columns : `(${columns})`)

/** Postgres cuts a longer name off, and would then take another index of that beginning for this one. */
function indexName(table: string, columns: string): string {
  const name = `${table}_${columns.replace(/\W+/g, '_').replace(/_$/, '')}`
  if (name.length <= longestName) return name
  const rest = createHash('sha256').update(columns).digest('hex').slice(0, 8)
  return `${name.slice(0, longestName - rest.length - 1)}_${rest}`
}
