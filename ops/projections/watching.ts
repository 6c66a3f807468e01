import { setTimeout as delay } from 'node:timers/promises'
import type { WriteStream } from 'node:tty'
import { keyOf } from '../../projections/engine/versions.ts'
import { type Status, statusReader } from '../../read-api/projections.ts'
import type { Config } from '../platform/config.ts'
import type { Database } from '../platform/database.ts'
import { createBoard, type Line } from '../platform/progress.ts'
import { everything } from './comparing.ts'
import { tableOf } from './looking.ts'
import { opened } from './steering.ts'

const everyMs = 500
/** Another process may lead in a moment. */
const aloneMs = 15_000

/**
 * Shows how far the builds are until all of them have ended. One of a version that this release cannot fold is nobody's here, and not waited for.
 * Throws where none can go on, since no process leads the projections.
 */
export const watch = (config: Config, out: WriteStream, patienceMs = aloneMs) =>
  opened(config, async ({ store, database }) => {
    const statuses = statusReader({ database, store })
    const board = createBoard(out)
    let found: Status[] = []
    let ledAt = Date.now()
    try {
      for (let looksLeft = 1; ; await delay(everyMs)) {
        found = await statuses()
        board.show(found.map(lineOf))
        // A version is shown a moment after it is live: seen with one look more.
        looksLeft = found.some(isUnderWay) ? 2 : looksLeft - 1
        if (looksLeft === 0) break
        if (await isLed(database)) ledAt = Date.now()
        else if (Date.now() - ledAt > patienceMs)
          throw new Error('Nobody builds: no process runs the projections. Run `npm start`, or the role projections')
      }
    } finally {
      board.close()
    }
    if (out.isTTY) out.write(`${tableOf(found)}\n`)
  })

/** Whoever leads or builds holds an advisory lock as long as its process lives. */
async function isLed(database: Database): Promise<boolean> {
  const { rowCount } = await database.query(
    `select 1 from pg_locks join pg_database d on d.oid = database
      where locktype = 'advisory' and granted and datname = current_database() limit 1`,
  )
  return rowCount === 1
}

const foldable = new Set(everything.map(keyOf))

const isUnderWay = (one: Status) => foldable.has(keyOf(one)) && ['building', 'verifying', 'ready'].includes(one.state)

function lineOf(one: Status): Line {
  const { name, version, state, serving, position, head, events_per_sec, eta_secs, error } = one
  const details = [
    serving && 'shown',
    events_per_sec !== null && `${events_per_sec} events/s`,
    eta_secs !== null && `${eta_secs} s left`,
    !foldable.has(keyOf(one)) && 'this release cannot fold it',
    error && String(error['message']),
  ]
  return {
    name: `${name} ${version}`,
    state,
    ...(isUnderWay(one) && { done: state === 'building' ? partOf(position, head) : 1 }),
    details: details.filter(Boolean).join(', '),
  }
}

const partOf = (position: string | null, head: string | null) =>
  position === null || head === null ? 0 : Math.min(1, Number(position) / Math.max(1, Number(head)))
