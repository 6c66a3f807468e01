import type { Client } from 'pg'
import { connectAlone } from '../../ops/platform/database.ts'
import { haltAt, type Halt } from './apply.ts'
import { type AnyHandler, checkId, creates, foldOne, handlerOf, idsFor, type Row } from './fold.ts'
import {
  type AnyProjection,
  type AsStored,
  isAppendOnly,
  type Occurred,
  type Projection,
  tableOf,
} from './projection.ts'
import { RowCache, type Slot } from './rowCache.ts'
import { dropIndexes, makeIndexes, Shape } from './shape.ts'
import { Sum } from './sum.ts'
import { TableWriter } from './tableWriter.ts'
import { isBuilt, move, versionOf } from './versions.ts'

/** Lines of an append-only table that are sent at once. */
const sentLines = 1000
/** Events of rows that are not at hand: when there are so many, the rows are read back. */
const keptEvents = 20_000

// Newer rows are few beside the table they go into, which has no statistics yet: they are put in by its key.
const settings = `set synchronous_commit = off; set maintenance_work_mem = '256MB'; set enable_hashjoin = off; set enable_mergejoin = off`

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
  /** How the key was declared, to be made again after the load. */
  readonly #key: string
  #evicted = false
  /** The table has its key. */
  #keyed = false
  /** By row, the events of those that are not at hand. */
  readonly #late = new Map<string, Occurred[]>()
  #lateEvents = 0
  #lines: string[] = []
  #sending: Promise<unknown> | undefined
  #count = 0
  readonly #checksum = new Sum()
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
      // They cost least when they are made at the end.
      await dropIndexes(client, projection)
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
      await client.query(settings)
      const shape = await take(client, tableOf(projection))
      if (!shape) await client.end()
      if (!shape) return undefined
      const key = await dropKey(client, tableOf(projection))
      return new Building(projection, client, shape, key)
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

  /** How events of this type are folded; undefined: they mean nothing to it. Throws what the fold throws, having changed nothing. */
  folderOf(type: string): ((event: Occurred & AsStored) => void) | undefined {
    const { projection } = this
    if (isAppendOnly(projection))
      return (event) => {
        for (const row of projection.each(event)) this.#append(row as Row)
      }
    const handler = handlerOf(projection, type)
    if (!handler) return undefined
    if (typeof handler === 'function' || creates(handler)) return (event) => this.#fold(event.id, handler, event)
    return (event) => {
      for (const id of idsFor(handler, event)) this.#fold(id, handler, event)
    }
  }

  #fold(id: string, handler: AnyHandler, event: Occurred): void {
    const slot = this.#rows.find(id)
    if (!slot) checkId(id)
    // Each row follows from its own events alone: one that has left the cache waits for its events to be gathered.
    const isAway = !slot && this.#evicted && (!creates(handler) || this.#late.has(id))
    if (isAway) this.#keepForLater(id, event)
    else this.#foldInto(id, slot, handler, event)
  }

  #foldInto(id: string, slot: Slot | undefined, handler: AnyHandler, event: Occurred): void {
    const row = foldOne(handler, event, slot?.row ?? null)
    if (!slot) {
      if (row) this.#rows.add(id, row)
    } else if (row !== slot.row) {
      slot.row = row
      slot.dirty = true
    }
  }

  #keepForLater(id: string, event: Occurred): void {
    const events = this.#late.get(id)
    if (events) events.push(asItIs(event))
    else this.#late.set(id, [asItIs(event)])
    this.#lateEvents++
  }

  #append(row: Row): void {
    this.#lines.push(this.#written(row))
    this.#count++
  }

  /** Brings back the rows that events were kept for, and folds those. Nothing can be left to fold when it is loaded. */
  async settle(): Promise<void> {
    if (this.#late.size === 0) return
    await this.#makeKey()
    const { rows } = await this.#client.query<{ row: Row }>(
      `select to_jsonb(t) as row from ${this.#shape.table} t where id = any($1::uuid[])`,
      [[...this.#late.keys()]],
    )
    for (const { row } of rows) this.#rows.loaded(row, this.#shape.checksum(row, this.#shape.exact(row)))
    for (const [id, events] of this.#late)
      for (const event of events) {
        try {
          const handler = handlerOf(this.projection as Projection, event.type)!
          this.#foldInto(id, this.#rows.find(id), handler, event)
        } catch (error) {
          this.halted ??= haltAt(event, error as Error)
        }
      }
    this.#late.clear()
    this.#lateEvents = 0
  }

  async #makeKey(): Promise<void> {
    await this.#table.settle()
    if (!this.#keyed) await this.#client.query(`alter table ${this.#shape.table} add ${this.#key}`)
    this.#keyed = true
  }

  /** Sends what an append-only table has gathered; one piece is under way while the next is folded. */
  async send(): Promise<void> {
    if (this.#lateEvents >= keptEvents) await this.settle()
    if (this.#lines.length < sentLines) return
    await this.#sending
    this.#sending = this.#table.add(this.#lines)
    this.#sending.catch(() => undefined) // Awaited by whoever sends next.
    this.#lines = []
  }

  /** Writes and forgets the rows that were not used for longest. */
  async evict(): Promise<void> {
    this.#evicted = true
    await this.#write(this.#rows.rotate())
  }

  /** Writes what is left and makes the key. */
  async load(): Promise<Expected> {
    await this.#sending
    await this.#table.add(this.#lines)
    this.#lines = []
    await this.#write(this.#rows.rotate())
    await this.#write(this.#rows.rotate())
    await this.#makeKey()
    return { rows: this.#count, checksum: String(this.#checksum) }
  }

  /** Loads, makes the indexes, and records in the same transaction what there is and up to where. */
  async finish(position: bigint | undefined, eventId?: string): Promise<void> {
    const { table } = this.#shape
    const expected = await this.load()
    await makeIndexes(this.#client, this.projection)
    const from = { states: ['building', 'stopped'] as const }
    const to = { state: 'verifying' as const, position: position ?? 0n, eventId, expected }
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
    const dirty = [...leaving].filter(([, slot]) => slot.dirty)
    for (const [, { row, stored }] of dirty) {
      if (stored !== undefined) this.#checksum.add(-stored)
      this.#count += (row ? 1 : 0) - (stored !== undefined ? 1 : 0)
    }
    const has = (stored: boolean) => dirty.filter(([, slot]) => (slot.stored !== undefined) === stored)
    await this.#table.add(this.#linesOf(has(false)))
    await this.#table.replace(this.#linesOf(has(true)))
    await this.#table.remove(has(true).flatMap(([id, { row }]) => (row ? [] : [id])))
  }

  *#linesOf(slots: readonly [string, Slot][]): Generator<string> {
    for (const [, { row }] of slots) if (row) yield this.#written(row)
  }

  /** The line of a row that goes out; its checksum is added to the sum. */
  #written(row: Row): string {
    const exact = this.#shape.exact(row)
    this.#checksum.add(this.#shape.checksum(row, exact))
    return this.#shape.line(row, exact)
  }
}

/** What an event says, without what it was read from: that would keep whole pieces of the connection in memory. */
function asItIs(event: Occurred): Occurred {
  const { id, stream, type, revision, position } = event
  const known = { id, stream, type, revision, position }
  try {
    return { ...known, data: event.data }
  } catch (error) {
    // Whoever needs the data stops at it, and nobody else.
    return Object.defineProperty({ ...known, data: {} }, 'data', {
      get: () => {
        throw error
      },
    })
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
