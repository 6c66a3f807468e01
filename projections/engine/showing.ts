import type { Client } from 'pg'
import type { Log } from '../../ops/platform/log.ts'
import type { Joined } from './join.ts'
import type { Orders } from './orders.ts'
import type { AnyProjection } from './projection.ts'
import { promote } from './promote.ts'
import { isWaitedFor } from './view.ts'

/** What a leader has shown and written down, as long as that is not among the orders. */
export interface Said {
  /** Where in the log. */
  written: Set<bigint>
  /** Which version of what. */
  said: Map<string, number>
}

interface Options {
  /** What this release shows. */
  projections: readonly AnyProjection[]
  promotes: 'auto' | 'manual'
  onPromoted: (name: string, version: number, previous: number | undefined) => Promise<{ position: bigint } | undefined>
  log: Log
}

/** Shows one that is wanted and can be shown. Where somebody reads an old version for long, nobody is held up: it is tried again later. */
export async function showWanted(
  client: Client,
  { live, stopped }: Joined,
  { wanted, shown }: Orders,
  { projections, promotes, onPromoted, log }: Options,
  { written, said }: Said,
): Promise<'waited for' | 'more to show' | 'as wanted'> {
  let outcome: 'waited for' | 'as wanted' = 'as wanted'
  let hasShown = false
  const writeDown = async (...what: Parameters<typeof onPromoted>) => {
    const at = await onPromoted(...what)
    if (at) written.add(at.position)
    const [name, version] = what
    said.set(name, version)
  }
  for (const table of live) {
    const { projection, serving } = table
    const { name, version } = projection
    const newest = projections.find((one) => one.name === name)!.version
    if (wanted(name, newest, promotes) !== version) continue
    if (serving) {
      // The process that showed it may have died before it said so.
      const last = said.get(name) ?? shown(name)
      if (last !== undefined && last !== version && promotes === 'auto') await writeDown(name, version, last)
      continue
    }
    if (hasShown) return 'more to show'
    try {
      const previous = await promote(client, name, version)
      for (const one of live) if (one.projection.name === name) one.serving = one === table
      if (stopped.includes(name)) stopped.splice(stopped.indexOf(name), 1)
      if (version === newest) await writeDown(name, version, previous)
      hasShown = true
      log.info({ projection: name, version, previous }, 'a read model shows another version')
    } catch (error) {
      if (!isWaitedFor(error)) throw error
      log.warn(
        { projection: name, version },
        'a read model cannot show another version while it is read for long, or another view is made upon it',
      )
      outcome = 'waited for'
    }
  }
  return outcome
}
