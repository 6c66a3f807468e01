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

  private constructor(table: string, columns: readonly Column[]) {
    this.table = table
    this.columns = columns
    this.#exact = columns.filter(({ kind }) => kind === 'plain' || kind === 'uuid' || kind === 'time')
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
    let line = cell(row[this.columns[0]!.name], this.columns[0]!.kind)
    for (let i = 1; i < this.columns.length; i++) {
      const { name, kind } = this.columns[i]!
      line += `\t${cell(row[name], kind)}`
    }
    if (!line.isWellFormed()) throw faultOfData(`A row of ${this.table} has half of a pair of surrogates`)
    return `${line}\n`
  }

  /** Of the columns whose text is the same on both sides; rows in any order, their sum is that of `checksumSql`. */
  checksum(row: Values): number {
    let text = ''
    for (let i = 0; i < this.#exact.length; i++) {
      const { name, kind } = this.#exact[i]!
      text += i === 0 ? exact(row[name], kind) : `|${exact(row[name], kind)}`
    }
    return crc32(text)
  }

  get checksumSql(): string {
    const texts = this.#exact.map(({ name, kind }) => {
      const text = kind === 'time' ? `floor(extract(epoch from ${name}) * 1000)::bigint::text` : `${name}::text`
      return `coalesce(${text}, '')`
    })
    return `coalesce(sum(crc32(convert_to(${texts.join(` || '|' || `)}, 'UTF8'))), 0)::text`
  }
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
