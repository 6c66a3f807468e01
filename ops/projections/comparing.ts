import { isDeepStrictEqual } from 'node:util'
import type { Client } from 'pg'
import { aggregates, personalFields } from '../../domain/events.ts'
import { projections } from '../../projections/all.ts'
import { diff, type Difference } from '../../projections/engine/diff.ts'
import { readOrders } from '../../projections/engine/orders.ts'
import { type AnyProjection, isAppendOnly } from '../../projections/engine/projection.ts'
import { groupPosition } from '../../projections/engine/verify.ts'
import { isBuilt, toPosition, type Version, versions } from '../../projections/engine/versions.ts'
import { retired } from '../../projections/retired/all.ts'
import type { Compare, Standing } from '../../read-api/projectionDiff.ts'
import { secrets, withoutFields } from '../../read-api/secrets.ts'
import { connectAlone } from '../platform/database.ts'
import type { EventStore } from '../platform/eventStore.ts'
import { Problem } from '../platform/route.ts'

/** Everything that this release can fold. */
export const everything: readonly AnyProjection[] = [...projections, ...retired]

export interface Comparing {
  databaseUrl: string
  store: EventStore
  /** Whose folds there are. */
  folds?: readonly AnyProjection[]
  /** Of each statement; 0: as long as it takes. */
  timeoutMs?: number
}

/**
 * What readers would see change if another version were shown: the one named, else the newest that is built. On a connection of its own, as one
 * snapshot sees both. Throws `not_found` for an unknown name, `not_ready` where there are not two built versions, `unavailable` where it takes too long.
 */
export async function compareVersions(
  { databaseUrl, store, folds = everything, timeoutMs = 0 }: Comparing,
  ...[name, { version, samples }]: Parameters<Compare>
): ReturnType<Compare> {
  const client = await connectAlone(databaseUrl, () => undefined) // Said again by the query that needs it.
  try {
    await client.query(`set statement_timeout = ${timeoutMs}`)
    await client.query('begin isolation level repeatable read read only')
    const [shown, other] = twoOf(name, await versions(client), version)
    const [before, after] = [foldOf(shown, folds), foldOf(other, folds)]
    const [from, to] = [await standing(client, shown), await standing(client, other)]
    const { skipped } = await readOrders(store, [after])
    const position = lower(from.position, to.position)
    const difference = await diff({ client, store, before, after, position, skipped, samples })
    return { name, shown: from, other: to, difference: presentable(difference, [before, after]) }
  } catch (error) {
    if ((error as { code?: string }).code === timedOut)
      throw new Problem('unavailable', `${name} is too large to be compared here: run projections:diff`, {
        headers: { 'Retry-After': '60' },
      })
    throw error
  } finally {
    await client.end()
  }
}

const timedOut = '57014'

function twoOf(name: string, known: readonly Version[], asked: number | undefined): [shown: Version, other: Version] {
  const own = known.filter((one) => one.name === name).sort((one, other) => other.version - one.version)
  if (own.length === 0) throw new Problem('not_found', `There is no read model ${name}`)
  const built = own.filter((one) => isBuilt(one) && one.state !== 'verifying')
  const shown = built.find(({ serving }) => serving)
  if (!shown) throw new Problem('not_ready', `No version of ${name} that is built is shown`)
  if (asked === shown.version)
    throw new Problem('not_ready', `Version ${asked} of ${name} is the one that is shown: name another`)
  const other = built.find(({ serving, version }) => !serving && (asked === undefined || version === asked))
  if (other) return [shown, other]
  if (asked === undefined) throw new Problem('not_ready', `There is no other version of ${name} that is built`)
  const state = own.find(({ version }) => version === asked)?.state ?? 'unknown'
  throw new Problem('not_ready', `Version ${asked} of ${name} is ${state}, not built`)
}

function foldOf({ name, version }: Version, folds: readonly AnyProjection[]): AnyProjection {
  const fold = folds.find((one) => one.name === name && one.version === version)
  if (!fold) throw new Problem('not_ready', `This release has no fold of version ${version} of ${name}`)
  return fold
}

const standing = async (client: Client, { version, state, position }: Version): Promise<Standing> => ({
  version,
  position: state === 'live' ? await groupPosition(client) : toPosition(position),
})

const lower = (one: bigint | undefined, other: bigint | undefined) =>
  one === undefined || other === undefined ? undefined : one < other ? one : other

/** What may be shown of it, and end up in a terminal's log or a ticket: which rows and fields differ, but no secret and nothing that is sealed in the log. */
export function presentable(difference: Difference, folds: readonly AnyProjection[]): Difference {
  const hidden = new Set([...secrets, ...folds.flatMap(sealedFields)])
  const samples = difference.samples.map((sample) => ({
    ...sample,
    fields: sample.fields
      .filter(({ field }) => !hidden.has(field))
      .map(({ field, before, after }) => ({
        field,
        before: withoutFields(before, hidden),
        after: withoutFields(after, hidden),
      }))
      .filter(({ before, after }) => !isDeepStrictEqual(before, after)),
  }))
  return { ...difference, samples }
}

/** A row has them under the names that they have in its events. */
const sealedFields = (fold: AnyProjection): readonly string[] =>
  isAppendOnly(fold)
    ? []
    : Object.keys(fold.on).flatMap((type) => {
        const { category } = aggregates.find(({ history }) => type in history)!
        return personalFields({ stream: `${category}-`, type, data: {} })?.[1] ?? []
      })
