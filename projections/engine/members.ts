import type { Client } from 'pg'
import type { Place } from './apply.ts'
import type { Orders } from './orders.ts'
import type { AnyProjection } from './projection.ts'
import { NoTable } from './shape.ts'
import { Table } from './table.ts'
import { hide, isWaitedFor } from './view.ts'
import { enter, isBuilt, keyOf, move, placeIn, type Version, versions } from './versions.ts'

/** A version that has a position of its own. */
export interface Lagging extends Place {
  table: Table
  stopped: boolean
}

export interface Unbuilt {
  projection: AnyProjection
  serving: boolean
  /** A build met what it cannot fold. */
  stopped: boolean
  /** Somebody reads for long what is there still: the build would make them and everybody behind them wait. */
  read: boolean
}

export interface Members {
  live: Table[]
  lagging: Lagging[]
  /** To be built from the whole log. */
  unbuilt: Unbuilt[]
  /** Read models whose shown version this release cannot follow, or must not. */
  helpless: string[]
}

interface Options {
  projections: readonly AnyProjection[]
  retired?: readonly AnyProjection[]
  promotes: 'auto' | 'manual'
}

/** Tables by version: what is followed without a break is as it was, with the rows that it remembers. */
export type Known = Map<string, Table>

/**
 * Where each version that this release can fold stands; versions nobody has seen yet are entered. `projections` are what this release wants to
 * show, `retired` what it can go back to, `open` what the group has followed so far.
 */
export async function openMembers(
  client: Client,
  { projections: current, retired = [], promotes }: Options,
  group: Place,
  { skippedBy, wanted }: Pick<Orders, 'skippedBy' | 'wanted'>,
  open: Known,
): Promise<Members> {
  const members: Members = { live: [], lagging: [], unbuilt: [], helpless: [] }
  const known = await versions(client)
  for (const projection of [...current, ...retired]) {
    const { name, version } = projection
    const all = known.filter((one) => one.name === name)
    const newest = current.find((one) => one.name === name)?.version ?? version
    // Where nothing is known, as after Postgres was lost, what operators had shown is shown again.
    const asked = wanted(name, newest, promotes)
    const foldsAsked = [...current, ...retired].some((one) => one.name === name && one.version === asked)
    const serving = all.length === 0 && version === (foldsAsked ? asked : newest)
    const one = all.find((one) => one.version === version)
    if (!one && !serving && retired.includes(projection)) continue // Dropped, or never there.
    const entering = { name, version, serving, passed_over: skippedBy(name) }
    await place(client, projection, one ?? (await entered(client, entering, all, group)), group, members, open)
  }
  await stopUnknown(client, known, [...current, ...retired], group, members)
  return members
}

async function entered(
  client: Client,
  entering: Pick<Version, 'name' | 'version' | 'serving' | 'passed_over'>,
  others: readonly Version[],
  group: Place,
): Promise<Version> {
  // With nothing applied yet the group itself builds it, from the first event on.
  const first = group.position === undefined && others.length === 0
  const one = { ...entering, state: first ? 'live' : 'building' } as const
  await enter(client, one)
  return { ...one, position: null, event_id: null, expected: null, paused: null }
}

async function place(
  client: Client,
  projection: AnyProjection,
  one: Version,
  group: Place,
  members: Members,
  open: Known,
): Promise<void> {
  const { serving, state } = one
  const stopped = state === 'stopped'
  if (!isBuilt(one) || state === 'verifying') {
    members.unbuilt.push({ projection, serving, stopped, read: serving && !(await hidden(client, projection.name)) })
    return
  }
  try {
    const known = state === 'live' ? open.get(keyOf(projection)) : undefined
    const table = known ?? (await Table.open(client, projection, serving))
    table.serving = serving
    if (one.paused !== null) {
      if (!stopped) await pause(client, one, state === 'live' ? group : placeIn(one))
      if (serving) members.helpless.push(projection.name)
    } else if (state === 'live') members.live.push(table)
    else members.lagging.push({ table, ...placeIn(one), stopped })
  } catch (error) {
    if (!(error instanceof NoTable)) throw error
    await move(
      client,
      one,
      { states: [state] },
      { state: 'stopped', position: null, error: { message: error.message } },
    )
    if (serving) members.helpless.push(projection.name)
  }
}

/** It stands where it is, and is not tried again by itself. */
const pause = (client: Client, one: Version, { position, eventId }: Place) =>
  move(
    client,
    one,
    { states: [one.state] },
    { state: 'stopped', position: position ?? null, eventId, error: { message: `paused: ${one.paused}` } },
  )

async function hidden(client: Client, name: string): Promise<boolean> {
  try {
    await hide(client, name)
    return true
  } catch (error) {
    if (!isWaitedFor(error)) throw error
    return false
  }
}

/** What this release cannot fold would miss what comes now: it stands where the group is, and says so. */
async function stopUnknown(
  client: Client,
  known: readonly Version[],
  folded: readonly AnyProjection[],
  group: Place,
  members: Members,
): Promise<void> {
  for (const one of known) {
    const { name, version, serving, state } = one
    if (folded.some((projection) => projection.name === name && projection.version === version)) continue
    if (serving) members.helpless.push(name)
    const message = `This release cannot fold version ${version} of ${name}: put its fold into projections/retired/`
    if (state === 'stopped') continue
    // What is not verified has nothing to go on from.
    const place = state === 'live' ? group : state === 'ready' ? placeIn(one) : undefined
    await move(
      client,
      one,
      { states: [state] },
      { state: 'stopped', position: place?.position ?? null, eventId: place?.eventId, error: { message } },
    )
  }
}
