import type { Client } from 'pg'
import { connectAlone } from '../../ops/platform/database.ts'
import { foldEvent, handlerOf, idsFor, type Row } from './fold.ts'
import { type AnyProjection, isAppendOnly, type Occurred, tableOf } from './projection.ts'
import { RowCache, type Slot } from './rowCache.ts'
import { indexName, Shape } from './shape.ts'
import { TableWriter } from './tableWriter.ts'
import { isBuilt, move, versionOf } from './versions.ts'
import type { Halt } from './apply.ts'

/** Lines of an append-only table that are sent at once. */
const sentLines = 1000

/** By another process; two would undo each other. */
export class BeingBuilt extends Error {
  override readonly name = 'BeingBuilt'
}

/** What the table must hold once it is built. */
export interface Expected {
  rows: number
  /** Decimal text: the sum of all rows' checksums. */
  checksum: string
}

/**
 * One candidate table while it is filled: rows are folded in memory and go out by COPY, in one transaction that holds the table, so that
 * a build is there as a whole or not at all. Rows that leave the bounded cache before the end are written, and read back if they are asked for.
 */
export class Building {
  readonly projection: AnyProjection
  readonly #client: Client
  readonly #shape: Shape
  readonly #rows = new RowCache()
  readonly #table: TableWriter
  /** How the key and nothing else was declared, to be made again after the load. */
  readonly #key: string
  #evicted = false
  #lines: string[] = []
  #sending: Promise<unknown> | undefined
  #count = 0
  #checksum = 0n
  /** Why it cannot be finished; it folds nothing any more. */
  halted: (Partial<Halt> & { message: string }) | undefined

  private constructor(projection: AnyProjection, client: Client, shape: Shape, key: string) {
    this.projection = projection
    this.#client = client
    this.#shape = shape
    this.#table = new TableWriter(client, shape)
    this.#key = key
  }

  /** Takes the version's own table; undefined when it was built meanwhile. Throws NoTable, or BeingBuilt. */
  static begin(
    databaseUrl: string,
    projection: AnyProjection,
    onBroken: (error: Error) => void,
  ): Promise<Building | undefined> {
    return Building.#open(databaseUrl, projection, onBroken, async (client, table) => {
      await client.query('begin')
      const { rows } = await client.query<{ held: boolean }>(
        `select pg_try_advisory_xact_lock(hashtextextended('build ' || $1, 0)) as held`,
        [table],
      )
      if (!rows[0]!.held) throw new BeingBuilt(`${table} is being built already`)
      // Behind the lock: whoever held it may have built it, and it may be what readers see by now.
      const stands = await versionOf(client, projection)
      if (!stands || isBuilt(stands)) return undefined
      const shape = await Shape.of(client, table)
      // In the transaction that fills it: what is truncated here is not written to the WAL row by row.
      await client.query(`truncate ${table}`)
      return shape
    })
  }

  /** Fills a temporary table of the same name, for a comparison with the real one as a snapshot saw it; nothing of it stays. */
  static beside(databaseUrl: string, projection: AnyProjection, snapshot: string, onBroken: (error: Error) => void) {
    return Building.#open(databaseUrl, projection, onBroken, async (client, table) => {
      await client.query('begin isolation level repeatable read')
      await client.query(`set transaction snapshot '${snapshot}'`)
      const shape = await Shape.of(client, table)
      await client.query(`create temporary table ${table} (like ${table} including indexes) on commit drop`)
      return shape
    })
  }

  static async #open(
    databaseUrl: string,
    projection: AnyProjection,
    onBroken: (error: Error) => void,
    take: (client: Client, table: string) => Promise<Shape | undefined>,
  ): Promise<Building | undefined> {
    const client = await connectAlone(databaseUrl, onBroken)
    try {
      await client.query('set synchronous_commit = off')
      const shape = await take(client, tableOf(projection))
      if (!shape) await client.end()
      return shape && new Building(projection, client, shape, await dropKey(client, tableOf(projection)))
    } catch (error) {
      await client.end()
      throw error
    }
  }

  get client(): Client {
    return this.#client
  }

  get size(): number {
    return this.#rows.size
  }

  /** Throws what the fold throws, having changed nothing. */
  fold(event: Occurred): void {
    if (isAppendOnly(this.projection)) {
      for (const row of this.projection.each(event as never)) this.#append(row as Row)
      return
    }
    const handler = handlerOf(this.projection, event.type)
    if (!handler) return
    for (const [id, row] of foldEvent(handler, event, (id) => this.#rows.get(id))) this.#rows.put(id, row)
  }

  #append(row: Row): void {
    this.#lines.push(this.#shape.line(row))
    this.#count++
    this.#checksum += BigInt(this.#shape.checksum(row))
  }

  /** Brings back the rows that these events ask for and that have left the cache. */
  async prefetch(events: readonly Occurred[]): Promise<void> {
    if (!this.#evicted || isAppendOnly(this.projection)) return
    const wanted = new Set<string>()
    for (const event of events) {
      const handler = handlerOf(this.projection, event.type)
      if (handler) for (const id of idsFor(handler, event)) if (!this.#rows.has(id)) wanted.add(id)
    }
    if (wanted.size === 0) return
    await this.#table.settle()
    const { rows } = await this.#client.query<{ row: Row }>(
      `select to_jsonb(t) as row from ${this.#shape.table} t where id = any($1::uuid[])`,
      [[...wanted]],
    )
    for (const { row } of rows) this.#rows.loaded(row, this.#shape.checksum(row))
  }

  /** Sends what an append-only table has gathered; one piece is under way while the next is folded. */
  async send(): Promise<void> {
    if (this.#lines.length < sentLines) return
    await this.#sending
    this.#sending = this.#table.add(this.#lines)
    this.#sending.catch(() => undefined) // Awaited by whoever sends next.
    this.#lines = []
  }

  /** Writes and forgets the rows that were not used for longest. */
  async evict(): Promise<void> {
    if (!this.#evicted) {
      this.#evicted = true
      await this.#client.query(`alter table ${this.#shape.table} add ${this.#key}`)
    }
    await this.#write(this.#rows.rotate())
  }

  /** Writes what is left and makes the key. */
  async load(): Promise<Expected> {
    await this.#sending
    await this.#table.add(this.#lines)
    this.#lines = []
    await this.#write(this.#rows.rotate())
    await this.#write(this.#rows.rotate())
    await this.#table.settle()
    if (!this.#evicted) await this.#client.query(`alter table ${this.#shape.table} add ${this.#key}`)
    return { rows: this.#count, checksum: String(this.#checksum) }
  }

  /** Loads, makes the indexes, and records in the same transaction what there is and up to where. */
  async finish(position: bigint | undefined): Promise<void> {
    const { table } = this.#shape
    const expected = await this.load()
    for (const columns of this.projection.indexes)
      await this.#client.query(`create index if not exists ${indexName(table, columns)} on ${table} (${columns})`)
    const from = { states: ['building', 'stopped'] as const }
    const to = { state: 'verifying' as const, position: position ?? 0n, expected }
    if (!(await move(this.#client, this.projection, from, to))) throw new Error(`${table} was built by somebody else`)
    await this.#client.query('commit')
    await this.#client.query(`analyze ${table}`)
  }

  /** Lets go of the table; what is not finished is as if it had never begun. */
  async end(): Promise<void> {
    this.#table.abandon()
    await this.#client.end().catch(() => undefined)
  }

  async #write(leaving: ReadonlyMap<string, Slot>): Promise<void> {
    const fresh: string[] = []
    const changed: string[] = []
    const gone: string[] = []
    for (const [id, { row, dirty, stored }] of leaving) {
      if (!dirty) continue
      if (stored !== undefined) this.#checksum -= BigInt(stored)
      if (row) this.#checksum += BigInt(this.#shape.checksum(row))
      this.#count += (row ? 1 : 0) - (stored !== undefined ? 1 : 0)
      if (row) (stored === undefined ? fresh : changed).push(this.#shape.line(row))
      else if (stored !== undefined) gone.push(id)
    }
    await this.#table.add(fresh)
    await this.#table.replace(changed)
    await this.#table.remove(gone)
  }
}

/** Takes the primary key off, which costs least when it is made at the end; returns how to make it again. */
async function dropKey(client: Client, table: string): Promise<string> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
      where conrelid = $1::regclass and contype = 'p'`,
    [table],
  )
  if (rows[0]) await client.query(`alter table ${table} drop constraint ${rows[0].name}`)
  return rows[0]?.definition ?? 'primary key (id)'
}
