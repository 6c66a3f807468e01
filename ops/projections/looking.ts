import { setTimeout as delay } from 'node:timers/promises'
import type { WriteStream } from 'node:tty'
import Table from 'cli-table3'
import { projections } from '../../projections/all.ts'
import { check } from '../../projections/engine/check.ts'
import { diff, type Difference } from '../../projections/engine/diff.ts'
import { readOrders } from '../../projections/engine/orders.ts'
import { retired } from '../../projections/retired/all.ts'
import { type Status, statuses } from '../../read-api/projections.ts'
import type { Config } from '../platform/config.ts'
import { connectAlone } from '../platform/database.ts'
import { createProgress } from '../platform/progress.ts'
import { opened } from './steering.ts'

const everything = [...projections, ...retired]

export const list = (config: Config, watch: boolean, out: WriteStream) =>
  opened(config, async ({ store, database }) => {
    for (;;) {
      const found = await statuses(database, store)
      if (watch && out.isTTY) out.write('\u001b[H\u001b[2J')
      console.log(tableOf(found))
      const building = found.some(({ state }) => state === 'building' || state === 'verifying' || state === 'ready')
      if (!watch || !building) return
      await delay(1000)
    }
  })

function tableOf(found: readonly Status[]): string {
  const table = new Table({
    head: ['read model', 'version', 'shown', 'state', 'behind', 'events/s', 'done in', ''],
    style: { head: [], border: [], compact: true },
  })
  for (const one of found)
    table.push([
      one.name,
      one.version,
      one.serving ? 'yes' : '',
      one.state,
      one.lag_events === 0 ? '' : `${one.lag_events} events`,
      one.events_per_second ?? '',
      one.eta_seconds === null ? '' : `${one.eta_seconds} s`,
      one.error ? String(one.error['message']).slice(0, 60) : '',
    ])
  return table.toString()
}

export const showError = (config: Config, name: string) =>
  opened(config, async ({ store, database }) => {
    const found = (await statuses(database, store)).filter((one) => one.name === name)
    if (found.length === 0) throw new Error(`There is no read model ${name}`)
    const stopped = found.filter(({ error }) => error)
    for (const { version, error } of stopped) console.log(`${name} ${version}: ${JSON.stringify(error, null, 2)}`)
    if (stopped.length === 0) console.log(`${name} is not stopped`)
  })

/** Between the version that is shown and the newest other one. */
export const showDiff = (config: Config, name: string, samples: number) =>
  opened(config, async ({ store, database }) => {
    const found = (await statuses(database, store)).filter((one) => one.name === name)
    const shown = found.find(({ serving }) => serving)
    const other = found.find(({ serving, state }) => !serving && (state === 'live' || state === 'ready'))
    if (!shown || !other) throw new Error(`There are no two versions of ${name} that are built`)
    const foldOf = ({ version }: Status) => {
      const fold = everything.find((one) => one.name === name && one.version === version)
      if (!fold) throw new Error(`This release has no fold of version ${version} of ${name}`)
      return fold
    }
    const client = await connectAlone(config.DATABASE_URL, () => undefined)
    try {
      const position = BigInt(other.position ?? 0)
      const { skipped } = await readOrders(store, projections)
      const difference = await diff({
        client,
        store,
        before: foldOf(shown),
        after: foldOf(other),
        position,
        skipped,
        samples,
      })
      console.log(`${name}: version ${shown.version} is shown, version ${other.version} would be`)
      console.log(textOf(difference))
    } finally {
      await client.end()
    }
  })

function textOf({ added, removed, changed, fields, samples }: Difference): string {
  const lines = [`${added} rows added, ${removed} removed, ${changed} changed`]
  for (const { field, rows } of fields) lines.push(`  ${field}: in ${rows} rows`)
  for (const { id, kind, fields, since } of samples) {
    lines.push(`${id} ${kind}${since ? ` since ${since}` : ''}`)
    for (const { field, before, after } of fields)
      lines.push(`  ${field}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`)
  }
  return lines.join('\n')
}

/** Whether nothing drifted. */
export async function checkAll(config: Config): Promise<boolean> {
  let drifted = 0
  await opened(config, async ({ store }) => {
    const progress = createProgress(process.stderr)
    const step = progress.step('folding the log', 100)
    const checked = await check({
      databaseUrl: config.DATABASE_URL,
      store,
      projections: everything,
      signal: new AbortController().signal,
      onProgress: (_, position, target) => step.at((100 * Number(position)) / Math.max(Number(target), 1)),
    }).finally(() => {
      step.end()
      progress.close()
    })
    for (const { name, version, drift, fault } of checked) {
      const rows = drift.added + drift.removed + drift.changed
      drifted += rows + (fault ? 1 : 0)
      if (fault) console.log(`${name} ${version} cannot be folded: ${fault}`)
      else if (rows > 0) console.log(`${name} ${version}\n${textOf(drift)}`)
    }
    console.log(`${drifted} drift in ${checked.length} read models`)
  })
  return drifted === 0
}
