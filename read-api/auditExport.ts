import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify/sync'
import type { Knex } from 'knex'
import { type Database, rowsOf } from '../ops/platform/database.ts'
import type { Answer } from '../ops/platform/route.ts'
import type { Entry, StoredRow } from './audit.ts'

export type Format = 'csv' | 'ndjson'

const columns = [
  'position',
  'at',
  'action',
  'actor_kind',
  'actor_id',
  'actor_name',
  'facility_id',
  'resource',
  'resource_id',
  'revision',
  'correlation_id',
  'id',
  'data',
] as const

const csvRow = ({ actor, data, ...entry }: Entry) => ({
  ...entry,
  actor_kind: actor.kind,
  actor_id: actor.id,
  actor_name: actor.name,
  data: JSON.stringify(data),
})

/** RFC 4180. What a spreadsheet would take for a formula begins with an apostrophe. */
const csv = (rows: readonly (readonly unknown[] | object)[]) =>
  stringify([...rows], { columns: [...columns], record_delimiter: 'windows', escape_formulas: true })

export const formats: Readonly<
  Record<Format, { type: string; head: string; write: (entries: readonly Entry[]) => string }>
> = {
  csv: { type: 'text/csv; charset=utf-8', head: csv([columns]), write: (entries) => csv(entries.map(csvRow)) },
  ndjson: {
    type: 'application/x-ndjson',
    head: '',
    write: (entries) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
  },
}

/** Few enough that most of a page is gone before the collector would move it to where it looks rarely. */
const pageRows = 250

export interface ExportOptions {
  database: Database
  /** What was asked for, in no order yet. */
  rows: Knex.QueryBuilder
  shown: (rows: readonly StoredRow[]) => Promise<Entry[]>
  /** Comes when the client has gone. */
  signal: AbortSignal
}

/** All of it, newest first, in pages by key: nothing is held but the page under way, neither here nor in Postgres. */
export function exportOf(format: Format, { database, rows, shown, signal }: ExportOptions): Answer {
  const { type, head, write } = formats[format]
  const pageBefore = (last: StoredRow | undefined) => {
    const next = rows.clone().orderBy('position', 'desc').limit(pageRows).select('*')
    return rowsOf<StoredRow>(database, last ? next.where('position', '<', last.position) : next)
  }
  async function* text(first: StoredRow[]): AsyncGenerator<string> {
    yield head
    for (let page = first; page.length > 0 && !signal.aborted; page = await pageBefore(page.at(-1)))
      yield write(await shown(page))
  }
  return {
    status: 200,
    headers: {
      'Content-Type': type,
      'Content-Disposition': `attachment; filename="audit.${format}"`,
      'Cache-Control': 'no-store',
    },
    // The first page is asked for before anything is answered, so that what is wrong is a problem and no torn file.
    stream: async () => {
      const first = await pageBefore(undefined)
      return Readable.from(text(first), { objectMode: true, highWaterMark: 1 })
    },
  }
}
