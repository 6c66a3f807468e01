import type { WriteStream } from 'node:tty'
import Table from 'cli-table3'
import { check } from '../../projections/engine/check.ts'
import type { Difference } from '../../projections/engine/diff.ts'
import { keyOf } from '../../projections/engine/versions.ts'
import type { Comparison } from '../../read-api/projectionDiff.ts'
import { countedEvents } from '../../read-api/projectionLag.ts'
import { type Status, statusReader } from '../../read-api/projections.ts'
import type { Config } from '../platform/config.ts'
import { createProgress } from '../platform/progress.ts'
import { compareVersions, everything, presentable } from './comparing.ts'
import { opened } from './steering.ts'

export const list = (config: Config, out: WriteStream) =>
  opened(config, async (open) => {
    const found = await statusReader(open)()
    out.write(`${tableOf(found)}\n`)
  })

export function tableOf(found: readonly Status[]): string {
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
      behind(one),
      one.events_per_sec ?? '',
      one.eta_secs === null ? '' : `${one.eta_secs} s`,
      one.error ? String(one.error['message']).slice(0, 60) : '',
    ])
  return table.toString()
}

function behind({ lag_events, state }: Status): string {
  if (lag_events === null) return '?'
  if (lag_events === 0) return ''
  return `${state !== 'building' && lag_events >= countedEvents ? 'at least ' : ''}${lag_events} events`
}

export const showError = (config: Config, name: string) =>
  opened(config, async (open) => {
    const found = (await statusReader(open)()).filter((one) => one.name === name)
    if (found.length === 0) throw new Error(`There is no read model ${name}`)
    const stopped = found.filter(({ error }) => error)
    for (const { version, error } of stopped) console.log(`${name} ${version}: ${JSON.stringify(error, null, 2)}`)
    if (stopped.length === 0) console.log(`${name} is not stopped`)
  })

/** Between the version that is shown and the one named, or the newest other one. */
export const showDiff = (config: Config, name: string, asked: { version?: number | undefined; samples: number }) =>
  opened(config, async ({ store }) => {
    const compared = await compareVersions({ databaseUrl: config.DATABASE_URL, store }, name, asked)
    console.log(headingOf(compared))
    console.log(textOf(compared.difference))
  })

function headingOf({ name, shown, other }: Comparison): string {
  const heading = `${name}: version ${shown.version} is shown, version ${other.version} would be`
  if (shown.position === other.position) return heading
  const [from, to] = [shown, other].map(({ position }) => String(position ?? 'nothing'))
  return `${heading}\nThey stand at ${from} and ${to}: what happened between is in the difference too`
}

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

/** Whether all that readers see was compared, and nothing drifted. */
export async function checkAll(config: Config): Promise<boolean> {
  let good = true
  await opened(config, async ({ store, database }) => {
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
    let drifted = 0
    for (const { name, version, drift, fault } of checked) {
      const rows = drift.added + drift.removed + drift.changed
      drifted += rows + (fault ? 1 : 0)
      const own = everything.filter((one) => keyOf(one) === keyOf({ name, version }))
      if (fault) console.log(`${name} ${version} cannot be folded: ${fault}`)
      else if (rows > 0) console.log(`${name} ${version}\n${textOf(presentable(drift, own))}`)
    }
    const compared = new Set(checked.map(keyOf))
    const left = (await statusReader({ database, store })()).filter((one) => one.serving && !compared.has(keyOf(one)))
    for (const { name, version, state } of left) console.log(`${name} ${version} is ${state}: it was not compared`)
    console.log(`${drifted} drift in ${checked.length} read models`)
    good = drifted === 0 && left.length === 0
  })
  return good
}
