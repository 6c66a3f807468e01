import type { Client } from 'pg'
import type { AnyProjection } from './projection.ts'
import { NoTable } from './shape.ts'
import { Table } from './table.ts'
import { enter, isBuilt, move, toPosition, type Version, versions } from './versions.ts'

/** A version that has a position of its own. */
export interface Lagging {
  table: Table
  position: bigint | undefined
  stopped: boolean
}

export interface Unbuilt {
  projection: AnyProjection
  serving: boolean
  /** A build met what it cannot fold. */
  stopped: boolean
}

export interface Members {
  live: Table[]
  lagging: Lagging[]
  /** To be built from the whole log. */
  unbuilt: Unbuilt[]
  /** Read models whose shown version this release cannot follow. */
  helpless: string[]
}

/**
 * Where each version that this release can fold stands; versions nobody has seen yet are entered. `projections` are what this release wants to
 * show, `retired` what it can go back to.
 */
export async function openMembers(
  client: Client,
  { projections: current, retired = [] }: { projections: readonly AnyProjection[]; retired?: readonly AnyProjection[] },
  group: bigint | undefined,
): Promise<Members> {
  const members: Members = { live: [], lagging: [], unbuilt: [], helpless: [] }
  const known = await versions(client)
  for (const projection of [...current, ...retired]) {
    const all = known.filter(({ name }) => name === projection.name)
    const one = all.find(({ version }) => version === projection.version)
    if (!one && retired.includes(projection)) continue // Dropped, or never there.
    await place(client, projection, one ?? (await entered(client, projection, all, group)), members)
  }
  await stopUnknown(client, known, [...current, ...retired], group, members)
  return members
}

async function entered(
  client: Client,
  { name, version }: AnyProjection,
  others: readonly Version[],
  group: bigint | undefined,
): Promise<Version> {
  // With nothing applied yet the group itself builds it, from the first event on.
  const first = group === undefined && others.length === 0
  const one = { name, version, state: first ? 'live' : 'building', serving: others.length === 0 } as const
  await enter(client, one)
  return { ...one, position: null, expected: null }
}

async function place(client: Client, projection: AnyProjection, one: Version, members: Members): Promise<void> {
  const { serving, state } = one
  const stopped = state === 'stopped'
  if (!isBuilt(one) || state === 'verifying') {
    members.unbuilt.push({ projection, serving, stopped })
    return
  }
  try {
    const table = await Table.open(client, projection, serving)
    if (state === 'live') members.live.push(table)
    else members.lagging.push({ table, position: toPosition(one.position), stopped })
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

/** What this release cannot fold would miss what comes now: it stands where the group is, and says so. */
async function stopUnknown(
  client: Client,
  known: readonly Version[],
  folded: readonly AnyProjection[],
  group: bigint | undefined,
  members: Members,
): Promise<void> {
  for (const one of known) {
    const { name, version, serving, state } = one
    if (folded.some((projection) => projection.name === name && projection.version === version)) continue
    if (serving) members.helpless.push(name)
    const message = `This release cannot fold version ${version} of ${name}: put its fold into projections/retired/`
    if (state === 'live')
      await move(client, one, { states: ['live'] }, { state: 'stopped', position: group ?? null, error: { message } })
  }
}
