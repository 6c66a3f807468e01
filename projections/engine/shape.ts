import type { ClientBase } from 'pg'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { faultOfData } from './faults.ts'

/** How a value gets into a column, and whether its text is the same here and in Postgres. */
interface Column {
  name: string
  kind: 'plain' | 'uuid' | 'json' | 'array' | 'time' | 'inexact'
}

const kinds: Record<string, Column['kind']> = {
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

/** The columns of a projection's table as they are in the database. */
export class Shape {
  readonly table: string
  readonly columns: readonly Column[]
  /** Those whose text is the same on both sides. */
  readonly #exact: readonly Column[]
  readonly #line: (row: Values) => string
  readonly #text: (row: Values) => string

  private constructor(table: string, columns: readonly Column[]) {
    this.table = table
    this.columns = columns
    this.#exact = columns.filter(({ kind }) => kind === 'plain' || kind === 'uuid' || kind === 'time')
    this.#line = writer(columns, cell, '\t', '\n')
    this.#text = writer(this.#exact, exact, '|', '')
  }

  /** Throws when a migration has not made the table. */
  static async of(client: ClientBase, table: string): Promise<Shape> {
    const { rows } = await client.query<{ name: string; type: string }>(
      `select column_name as name, data_type as type from information_schema.columns
        where table_schema = current_schema and table_name = $1 order by ordinal_position`,
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

  /** A line of Postgres's COPY text format. Throws a fault of data where jsonb, which the live group writes by, would refuse the row. */
  line(row: Values): string {
    const line = this.#line(row)
    if (!line.isWellFormed()) throw faultOfData(`A row of ${this.table} has half of a pair of surrogates`)
    return line
  }

  /** Of the columns whose text is the same on both sides; rows in any order, their sum is that of `checksumSql`. */
  checksum(row: Values): number {
    return crc32(this.#text(row))
  }

  get checksumSql(): string {
    const texts = this.#exact.map(({ name, kind }) => {
      const text = kind === 'time' ? `floor(extract(epoch from ${name}) * 1000)::bigint::text` : `${name}::text`
      return `coalesce(${text}, '')`
    })
    return `coalesce(sum(crc32(convert_to(${texts.join(` || '|' || `)}, 'UTF8'))), 0)::text`
  }
}

/**
 * Puts what `value` makes of the columns one behind the other. A function made for these very names: to read a million rows by names in
 * variables takes several times as long. The names are those of columns in our own migrations.
 */
function writer(
  columns: readonly Column[],
  value: (value: unknown, kind: Column['kind']) => string,
  between: string,
  end: string,
): (row: Values) => string {
  const parts = columns.map(({ name, kind }) => `value(row[${JSON.stringify(name)}], ${JSON.stringify(kind)})`)
  const text = parts.length > 0 ? parts.join(` + ${JSON.stringify(between)} + `) : `''`
  const made = new Function('value', `return (row) => ${text} + ${JSON.stringify(end)}`) as (
    value: unknown,
  ) => (row: Values) => string
  return made(value)
}

const longestName = 63

/** Postgres cuts a longer name off, and would then take another index of that beginning for this one. */
export function indexName(table: string, columns: string): string {
  const name = `${table}_${columns.replace(/\W+/g, '_')}`
  if (name.length <= longestName) return name
  const rest = createHash('sha256').update(columns).digest('hex').slice(0, 8)
  return `${name.slice(0, longestName - rest.length - 1)}_${rest}`
}

const special = /[\\\t\n\r]/
const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
const escaped = (text: string) =>
  special.test(text) ? text.replace(/[\\\t\n\r]/g, (character) => escapes[character]!) : text

function cell(value: unknown, kind: Column['kind']): string {
  if (value === null || value === undefined) return '\\N'
  if (kind === 'json') return escaped(JSON.stringify(value))
  if (kind === 'array') return escaped(arrayText(value as readonly unknown[]))
  return typeof value === 'string' ? escaped(value) : String(value as number | boolean | bigint)
}

const arrayText = (values: readonly unknown[]) =>
  `{${values.map((value) => (value === null ? 'NULL' : `"${String(value).replace(/["\\]/g, '\\$&')}"`)).join(',')}}`

function exact(value: unknown, kind: Column['kind']): string {
  if (value === null || value === undefined) return ''
  if (kind === 'time') return String(Date.parse(value as string))
  return kind === 'uuid' ? (value as string).toLowerCase() : String(value as string | number | boolean | bigint)
}
