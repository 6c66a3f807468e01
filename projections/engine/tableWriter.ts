import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import type { Client } from 'pg'
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams'
import type { Shape } from './shape.ts'

/** Lines that go to Postgres in one piece. */
const pieceLines = 500

/** Writes lines of Postgres's COPY format to one table. A COPY stays open from call to call, until the connection is needed for something else. */
export class TableWriter {
  readonly #client: Client
  readonly #shape: Shape
  #copying: CopyStreamQuery | undefined
  /** What the COPY under way failed of: what follows from it says less. */
  #broken: Error | undefined

  constructor(client: Client, shape: Shape) {
    this.#client = client
    this.#shape = shape
  }

  /** Rows that the table does not hold yet. Lines are asked for as they can be sent. */
  async add(lines: Iterable<string>, table = this.#shape.table): Promise<void> {
    let piece: string[] = []
    for (const line of lines) {
      piece.push(line)
      if (piece.length < pieceLines) continue
      await this.#send(piece, table)
      piece = []
    }
    if (piece.length > 0) await this.#send(piece, table)
  }

  async #send(piece: readonly string[], table: string): Promise<void> {
    const freeze = table === this.#shape.table ? ' with (freeze)' : ''
    if (!this.#copying) {
      this.#copying = this.#client.query(copyFrom(`copy ${table} (${this.#shape.names}) from stdin${freeze}`))
      this.#copying.on('error', (error) => (this.#broken ??= error))
    }
    await this.#orBroken(async (copying) => {
      if (!copying.write(piece.join(''))) await once(copying, 'drain')
    })
  }

  /** Rows that the table holds in an older state; they go through a table beside it. */
  async replace(lines: Iterable<string>): Promise<void> {
    const all = [...lines]
    if (all.length === 0) return
    const { table, columns } = this.#shape
    await this.settle()
    await this.#client.query(`create temp table if not exists newer_${table} (like ${table}) on commit drop`)
    await this.add(all, `newer_${table}`)
    await this.settle()
    const assignments = columns.filter(({ name }) => name !== 'id').map(({ name }) => `${name} = newer.${name}`)
    await this.#client.query(
      `update ${table} set ${assignments.join(', ')} from newer_${table} newer where ${table}.id = newer.id`,
    )
    await this.#client.query(`truncate newer_${table}`)
  }

  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    await this.settle()
    await this.#client.query(`delete from ${this.#shape.table} where id = any($1::uuid[])`, [ids])
  }

  /** Ends the COPY: all that was added is there, and the connection is free. */
  async settle(): Promise<void> {
    await this.#orBroken(async (copying) => {
      copying.end()
      await finished(copying)
    })
    this.#copying = undefined
  }

  async #orBroken(act: (copying: CopyStreamQuery) => Promise<void>): Promise<void> {
    if (this.#broken) throw this.#broken
    try {
      if (this.#copying) await act(this.#copying)
    } catch (error) {
      throw this.#broken ?? error
    }
    if (this.#broken) throw this.#broken as Error
  }

  abandon(): void {
    this.#copying?.destroy()
  }
}
