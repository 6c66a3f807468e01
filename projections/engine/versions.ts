import type { ClientBase } from 'pg'
import type { Place } from './apply.ts'
import type { Expected } from './building.ts'
import type { AnyProjection } from './projection.ts'

/**
 * Of one version of a projection. `building`, `verifying`: in the hands of a build. `ready`: built, with a position of its own, to be brought to
 * where the group is. `live`: a member of the group, whose position is its own. `stopped`: at a position if it was built.
 */
export type State = 'building' | 'verifying' | 'ready' | 'live' | 'stopped'

export interface Version {
  name: string
  version: number
  state: State
  position: string | null
  event_id: string | null
  serving: boolean
  expected: Expected | null
  /** Why an operator had it follow the log no longer. */
  paused: string | null
  /** Positions of events that its rows were made without. */
  passed_over: readonly string[] | null
}

export const keyOf = ({ name, version }: Pick<AnyProjection, 'name' | 'version'>) => `${name}@${version}`

export const toPosition = (text: string | null) => (text === null ? undefined : BigInt(text))

/** Where a row of `projections` or `projection_groups` stands. */
export const placeIn = ({ position, event_id }: Pick<Version, 'position' | 'event_id'>): Place => ({
  position: toPosition(position),
  eventId: event_id ?? undefined,
})

/** The table holds what the log says up to some position. */
export const isBuilt = ({ state, position }: Version) =>
  state !== 'building' && (state !== 'stopped' || position !== null)

export async function versions(client: ClientBase): Promise<Version[]> {
  const { rows } = await client.query<Version>(
    'select name, version, state, position, event_id, serving, expected, paused, passed_over from projections order by name, version',
  )
  return rows
}

export async function versionOf(client: ClientBase, { name, version }: AnyProjection): Promise<Version | undefined> {
  return (await versions(client)).find((one) => one.name === name && one.version === version)
}

export async function enter(
  client: ClientBase,
  { name, version, state, serving, passed_over }: Omit<Version, 'position' | 'event_id' | 'expected' | 'paused'>,
) {
  await client.query(
    'insert into projections (name, version, state, serving, passed_over) values ($1, $2, $3, $4, $5)',
    [name, version, state, serving, JSON.stringify(passed_over)],
  )
}

/**
 * Moves a version to another state, from one of these and from this position (any, where none is given); its progress is over. The event there
 * is known still where the position stays. False if it stood elsewhere: somebody else has moved it, and what was meant for it is void.
 */
export async function move(
  client: ClientBase,
  { name, version }: Pick<Version, 'name' | 'version'>,
  from: { states: readonly State[]; position?: bigint | undefined },
  to: {
    state: State
    position: bigint | null
    eventId?: string | undefined
    error?: object
    expected?: Expected
    passedOver?: readonly string[]
  },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update projections
        set state = $3, position = $4::numeric, error = $5::jsonb, expected = coalesce($6::jsonb, expected), progress = null, updated_at = now(),
            passed_over = coalesce($10::jsonb, passed_over),
            event_id = case when position = $4::numeric then coalesce($9::uuid, event_id) else $9::uuid end
      where name = $1 and version = $2 and state = any($7) and ($8::numeric is null or position = $8::numeric)`,
    [
      name,
      version,
      to.state,
      to.position?.toString() ?? null,
      to.error ? JSON.stringify(to.error) : null,
      to.expected ? JSON.stringify(to.expected) : null,
      from.states,
      from.position?.toString() ?? null,
      to.eventId ?? null,
      to.passedOver ? JSON.stringify(to.passedOver) : null,
    ],
  )
  return rowCount === 1
}
