import type { Knex } from 'knex'
import type { z } from 'zod'
import type { Recorded } from '../ops/platform/eventStore.ts'
import { Id, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import { History } from '../ops/platform/shapes/log.ts'
import { actorOf, named, namesOf } from './actorNames.ts'
import { type Change, changesOf, type ResourceDeps, shownFolding } from './folding.ts'
import { one } from './page.ts'
import { withoutFigures, withoutFleetFigures } from './fleetFigures.ts'
import { eventsAt, placesOf, timesOf } from './resourceEvents.ts'
import { secrets, withoutFields } from './secrets.ts'

/**
 * `GET <path>/:id/history`: the resource's own events and those of whatever belongs to it, oldest first. Those that an
 * operator skipped are there, and have changed nothing.
 * @param visible the rows of the read model that the caller may see
 */
export function historyRoute(
  deps: ResourceDeps,
  what: {
    path: string
    resource: string
    readModel: string
    permission: string
    visible: (facility: string | undefined) => Knex.QueryBuilder
    /** What clients see of the row; all of it where absent. */
    shape?: z.ZodObject
  },
): Route {
  return route<{ id: string }>({
    method: 'GET',
    path: `${what.path}/:id/history`,
    permission: what.permission,
    params: Id,
    reads: [what.readModel, 'resource_events', 'users'],
    answers: { 200: History, 404: ProblemDocument },
    run: async ({ params, facility }) => {
      await one(deps.database, what.visible(facility).where({ id: params.id }).select('id'))
      const folding = await shownFolding(deps, what.readModel)
      const events = await eventsAt(deps.store, await placesOf(deps, what.resource, params.id))
      const folded = events.filter(({ position }) => !folding.isSkipped(position))
      const changes = changesOf(folding, params.id, folded)
      const changeOf = new Map(folded.map((event, i) => [event, changes[i]!]))
      const times = timesOf(events)
      // What came from elsewhere brings its history along, and not the names of the people there.
      const isHere = ({ metadata }: Recorded) => facility === undefined || metadata['facility_id'] === facility
      const actors = (of: readonly Recorded[]) => of.map(actorOf)
      const [here, there] = await Promise.all([
        namesOf(deps.database, actors(events.filter(isHere))),
        namesOf(deps.database, actors(events.filter((event) => !isHere(event))), facility),
      ])
      const names = new Map([...there, ...here])
      const isShown = (field: string) => !secrets.has(field) && (!what.shape || field in what.shape.shape)
      const items = events.map((event, i) =>
        item(event, times[i], changeOf.get(event) ?? unchanged, { names, isShown, isElsewhere: !isHere(event) }),
      )
      return { status: 200, body: { items } }
    },
  })
}

const unchanged: Change = { before: null, after: null }

function item(
  event: Recorded,
  at: string | undefined,
  change: Change,
  {
    names,
    isShown,
    isElsewhere,
  }: {
    names: ReadonlyMap<string, string>
    isShown: (field: string) => boolean
    /** Not of the caller's own facility. */
    isElsewhere: boolean
  },
) {
  const actor = actorOf(event)
  const told = isElsewhere ? withoutFleetFigures(event) : event.data
  const shown = (value: unknown) => withoutKeys(isElsewhere ? withoutFigures(value) : value)
  const data = Object.fromEntries(Object.entries(told).filter(([field]) => !secrets.has(field)))
  return {
    position: String(event.position),
    stream: event.stream,
    revision: event.revision,
    type: event.type,
    at,
    actor: named(actor, names),
    data: withoutKeys(data),
    changes: fieldsOf(change, isShown, shown),
  }
}

/** The fields that differ, of those that are shown, as they are shown. */
export function fieldsOf(
  { before, after }: Change,
  isShown: (field: string) => boolean,
  shown: (value: unknown) => unknown,
) {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter(isShown)
  return fields
    .map((field) => ({ field, before: shown(before?.[field] ?? null), after: shown(after?.[field] ?? null) }))
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after))
}

/** Where objects lie is no one's business either, at any depth. */
export const withoutKeys = (value: unknown) => withoutFields(value, secrets)
