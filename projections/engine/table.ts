import { LRUCache } from 'lru-cache'
import type { Client, ClientBase } from 'pg'
import type { Changes, Row } from './fold.ts'
import { type AnyProjection, isAppendOnly, tableOf } from './projection.ts'
import { makeIndexes, Shape } from './shape.ts'
import { showFirst } from './view.ts'

const cachedRows = 50_000

/** One projection's table: its rows as last written, and the SQL that writes them. */
export class Table {
  readonly projection: AnyProjection
  readonly name: string
  /** Whether it is what readers see. */
  serving: boolean
  readonly #columns: readonly string[]
  readonly #rows = new LRUCache<string, Row>({ max: cachedRows })

  private constructor(projection: AnyProjection, serving: boolean, columns: readonly string[]) {
    this.projection = projection
    this.serving = serving
    this.name = tableOf(projection)
    this.#columns = columns
  }

  /** Makes the indexes and, if it serves and there is none, the view that readers know. Throws when a migration has not made the table. */
  static async open(client: ClientBase, projection: AnyProjection, serving: boolean): Promise<Table> {
    const { table, columns } = await Shape.of(client, tableOf(projection))
    await makeIndexes(client, projection)
    if (serving) await showFirst(client, projection.name, table)
    return new Table(
      projection,
      serving,
      columns.map(({ name }) => name),
    )
  }

  /** Rows by id, from memory or the table; JSON shapes, as the folds make them. */
  async load(client: Client, ids: readonly string[]): Promise<ReadonlyMap<string, Row>> {
    const found = new Map<string, Row>()
    const missing: string[] = []
    for (const id of ids) {
      const row = this.#rows.get(id)
      if (row) found.set(id, row)
      else missing.push(id)
    }
    if (missing.length === 0) return found
    const { rows } = await client.query<{ row: Row }>({
      name: `load ${this.name}`,
      text: `select to_jsonb(t) as row from ${this.name} t where id = any($1::uuid[])`,
      values: [missing],
    })
    for (const { row } of rows) found.set(row.id, row)
    return found
  }

  /**
   * The statements that write the changes, as parts of a `with`; they do nothing unless `moved` has a row.
   * @param bind adds a parameter and gives its `$n`
   */
  writes(changes: Changes, bind: (value: unknown) => string): string[] {
    const populate = (rows: unknown[]) =>
      `jsonb_populate_recordset(null::${this.name}, ${bind(JSON.stringify(rows))}::jsonb)`
    const parts: string[] = []
    if (isAppendOnly(this.projection)) {
      if (changes.appended.length > 0)
        parts.push(`insert into ${this.name} select r.* from moved, ${populate(changes.appended)} r`)
      return parts
    }
    const kept = [...changes.rows].flatMap(([id, row]) => (row ? [{ row, made: changes.created.has(id) }] : []))
    const made = kept.filter(({ made }) => made).map(({ row }) => row)
    const changed = kept.filter(({ made }) => !made).map(({ row }) => row)
    const gone = [...changes.rows].filter(([, row]) => row === null).map(([id]) => id)
    const assignments = this.#columns
      .filter((column) => column !== 'id')
      .map((column) => `${column} = excluded.${column}`)
    if (made.length > 0) parts.push(`insert into ${this.name} select r.* from moved, ${populate(made)} r`)
    if (changed.length > 0)
      parts.push(
        `insert into ${this.name} select r.* from moved, ${populate(changed)} r on conflict (id) do update set ${assignments.join(', ')}`,
      )
    if (gone.length > 0) parts.push(`delete from ${this.name} using moved where id = any(${bind(gone)}::uuid[])`)
    return parts
  }

  /** To be called once the changes are committed. */
  written(changes: Changes): void {
    for (const [id, row] of changes.rows) {
      if (row) this.#rows.set(id, row)
      else this.#rows.delete(id)
    }
  }
}
