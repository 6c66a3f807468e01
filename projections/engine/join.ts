import type { Client } from 'pg'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import type { Log } from '../../ops/platform/log.ts'
import type { Stopped } from './apply.ts'
import { catchUp, isNear } from './catchUp.ts'
import type { Lagging, Members } from './members.ts'
import type { Skipped } from './orders.ts'
import type { AnyProjection } from './projection.ts'
import type { Table } from './table.ts'
import { keyOf, move } from './versions.ts'

export interface Joined {
  /** Followed by the group from here on. */
  live: Table[]
  /** Left to a build: not built at all, or too far behind. */
  apart: string[]
  /** Where a version stands that is ahead of the group: it joins when the group gets there. */
  ahead: bigint[]
  /** Read models whose shown version is not followed. */
  stopped: string[]
  /** Versions that were tried, or are to be by a build. */
  tried: string[]
  /** Some can be left to a build only when nobody reads any more what they held. */
  read: boolean
}

interface Options {
  client: Client
  store: EventStore
  log: Log
  skipped: Skipped
  /** Of the group. */
  position: bigint | undefined
  /** The versions tried in the life of this leader: a stopped one is tried once, and again when an operator says so. */
  attempted: ReadonlySet<string>
  signal: AbortSignal
}

/** The members, and with them the versions that could be brought to exactly where the group is. */
export async function join(members: Members, options: Options): Promise<Joined> {
  const joined: Joined = {
    live: [...members.live],
    apart: [],
    ahead: [],
    stopped: [...members.helpless],
    tried: [],
    read: false,
  }
  for (const { projection, serving, stopped, read } of members.unbuilt) {
    if (serving) joined.stopped.push(projection.name)
    if (read) joined.read = true
    else if (mayTry(projection, stopped, joined, options)) joined.apart.push(keyOf(projection))
  }
  for (const one of members.lagging)
    if (!(await admit(one, joined, options)) && one.table.serving) joined.stopped.push(one.table.projection.name)
  return joined
}

function mayTry(projection: AnyProjection, stopped: boolean, { tried }: Joined, { attempted }: Options): boolean {
  const key = keyOf(projection)
  if (stopped && attempted.has(key)) return false
  tried.push(key)
  return true
}

/** Whether the version is a member now. */
async function admit(one: Lagging, joined: Joined, options: Options): Promise<boolean> {
  const { client, store, position: group, skipped, signal, log } = options
  const { projection } = one.table
  if (one.position !== undefined && (group === undefined || one.position > group)) {
    joined.ahead.push(one.position)
    return false
  }
  if (!mayTry(projection, one.stopped, joined, options)) return false
  if (!isNear(one.position, group)) {
    joined.apart.push(keyOf(projection))
    return false
  }
  const { position, halted } = await catchUp(client, store, one, group, skipped, signal)
  if (halted) {
    logStopped(halted, log)
    return false
  }
  const taken = await move(
    client,
    projection,
    { states: ['ready', 'stopped'], position },
    { state: 'live', position: null },
  )
  if (taken) joined.live.push(one.table)
  return taken
}

export const logStopped = ({ name, version, error }: Stopped, log: Log) =>
  log.error({ projection: name, version, event: error }, 'a projection stopped at an event it cannot fold')
