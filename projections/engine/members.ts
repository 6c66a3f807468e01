import type { Client } from 'pg'
import type { AnyProjection } from './projection.ts'
import { Table } from './table.ts'

/** Of one version of a projection. `building` and `verifying`: by a build. `ready`: to be brought to where the group is. */
export type State = 'building' | 'verifying' | 'ready' | 'live' | 'stopped'

interface Known {
  name: string
  version: number
  state: State
  position: string | null
  serving: boolean
}

/** A version that has a position of its own. */
export interface Lagging {
  table: Table
  position: bigint | undefined
  stopped: boolean
}

export interface Unbuilt {
  projection: AnyProjection
  serving: boolean
  /** A build met an event that it cannot fold. */
  stopped: boolean
}

export interface Members {
  live: Table[]
  lagging: Lagging[]
  /** To be built from the whole log. */
  unbuilt: Unbuilt[]
}

export const toPosition = (text: string | null) => (text === null ? undefined : BigInt(text))

/**
 * Where each version that this release can fold stands; versions nobody has seen yet are entered. `projections` are what this release wants to
 * show, `retired` what it can go back to.
 */
export async function openMembers(
  client: Client,
  { projections: current, retired = [] }: { projections: readonly AnyProjection[]; retired?: readonly AnyProjection[] },
  group: bigint | undefined,
): Promise<Members> {
  const members: Members = { live: [], lagging: [], unbuilt: [] }
  const { rows } = await client.query<Known>('select name, version, state, position, serving from projections')
  for (const projection of [...current, ...retired]) {
    const { name, version } = projection
    const versions = rows.filter((row) => row.name === name)
    let known = versions.find((row) => row.version === version)
    if (!known) {
      if (retired.includes(projection)) continue // Dropped, or never there.
      // With nothing applied yet the group itself builds it, from the first event on.
      const first = group === undefined && versions.length === 0
      known = {
        name,
        version,
        state: first ? 'live' : 'building',
        position: null,
        serving: versions.length === 0,
      } satisfies Known
      await client.query('insert into projections (name, version, state, serving) values ($1, $2, $3, $4)', [
        name,
        version,
        known.state,
        known.serving,
      ])
    }
    const built = known.state === 'live' || known.state === 'ready' || known.position !== null
    if (!built || known.state === 'verifying') {
      members.unbuilt.push({ projection, serving: known.serving, stopped: known.state === 'stopped' })
      continue
    }
    const table = await Table.open(client, projection, known.serving)
    if (known.state === 'live') members.live.push(table)
    else members.lagging.push({ table, position: toPosition(known.position), stopped: known.state === 'stopped' })
  }
  await stopUnknown(client, rows, [...current, ...retired])
  return members
}

/** What is served and cannot be folded any more stands still, and says so. */
async function stopUnknown(client: Client, rows: readonly Known[], folded: readonly AnyProjection[]): Promise<void> {
  for (const { name, version, serving, state } of rows) {
    if (!serving || state === 'stopped' || folded.some((one) => one.name === name && one.version === version)) continue
    const message = `This release cannot fold version ${version} of ${name}: put its fold into projections/retired/`
    await client.query(
      `update projections set state = 'stopped', error = $3, position = coalesce(position, (select position from projection_groups where name = 'live'))
        where name = $1 and version = $2`,
      [name, version, JSON.stringify({ message })],
    )
  }
}

export const keyOf = ({ name, version }: AnyProjection) => `${name}@${version}`
