import type { ClientBase } from 'pg'
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

  private constructor(table: string, columns: readonly Column[]) {
    this.table = table
    this.columns = columns
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
    const line = `${this.columns.map(({ name, kind }) => cell(row[name], kind)).join('\t')}\n`
    if (!line.isWellFormed()) throw faultOfData(`A row of ${this.table} has half of a pair of surrogates`)
    return line
  }

  /** Of the columns whose text is the same on both sides; rows in any order, their sum is that of `checksumSql`. */
  checksum(row: Values): number {
    return crc32(this.#exact.map(({ name, kind }) => exact(row[name], kind)).join('|'))
  }

  get checksumSql(): string {
    const texts = this.#exact.map(({ name, kind }) => {
      const text = kind === 'time' ? `floor(extract(epoch from ${name}) * 1000)::bigint::text` : `${name}::text`
      return `coalesce(${text}, '')`
    })
    return `coalesce(sum(crc32(convert_to(${texts.join(` || '|' || `)}, 'UTF8'))), 0)::text`
  }

  get #exact(): readonly Column[] {
    return this.columns.filter(({ kind }) => kind === 'plain' || kind === 'uuid' || kind === 'time')
  }
}

export const indexName = (table: string, columns: string) => `${table}_${columns.replace(/\W+/g, '_')}`

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
