import type { Knex } from 'knex'
import type { z } from 'zod'
import { queryBuilder, rowsOf } from '../ops/platform/database.ts'
import { AsOf, line, type Moment, type Route, route, Uuid } from '../ops/platform/route.ts'
import { KnownFirmwareChannel } from '../ops/platform/shapes/firmware.ts'
import type { FirmwareChannelRow } from '../projections/firmwareChannels.ts'
import { rowAt } from './asOf.ts'
import type { ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { matching, page, pageOf, pageQuery } from './page.ts'

const path = '/api/v1/firmware/channels'
const permission = 'firmware:read'

/** Rows of a facility and those for every facility; all of them where none is named. */
export const ownOrEveryones = (readModel: string, facility: string | undefined): Knex.QueryBuilder =>
  queryBuilder(readModel).modify(
    (query) =>
      facility && void query.where((either) => either.where({ facility_id: facility }).orWhereNull('facility_id')),
  )
const visible = (facility: string | undefined) => ownOrEveryones('firmware_channels', facility)
const shape = KnownFirmwareChannel.omit({ in_effect: true })
const about = { path, resource: 'firmwareChannel', readModel: 'firmware_channels', permission, visible, shape }

const Query = pageQuery('created_at', 'device_model').extend({
  device_model: line(100).optional(),
  facility_id: Uuid.optional().meta({
    description: 'Those that its devices listen to: its own and those for every facility',
  }),
  ...AsOf.shape,
})

/** Those in which something had happened by then. */
function thereAt(query: Knex.QueryBuilder, moment: Moment): void {
  if ('time' in moment) return void query.where('created_at', '<=', moment.time)
  const events = queryBuilder('resource_events').whereRaw('resource_events.id = firmware_channels.id')
  void query.whereExists(events.where('position', '<=', String(moment.position)).select(queryBuilder.raw('1')))
}

export const firmwareChannels = (deps: ResourceDeps): Route[] => {
  type Then = { facility: string | undefined; moment: Moment | undefined; signal: AbortSignal }

  /** The channels as they were then; without those that were not there yet. */
  async function standing(rows: readonly FirmwareChannelRow[], { moment, ...then }: Then) {
    if (!moment) return rows
    const found = rows.map(({ id }) => rowAt<FirmwareChannelRow>(deps, about, { id, moment, ...then }))
    return (await Promise.all(found)).flatMap((row) => row ?? [])
  }

  /** Which of these a facility's devices are told to run: its own channel where something is active in it, else the one for all. */
  async function inEffect(rows: readonly FirmwareChannelRow[], at: string, then: Then): Promise<ReadonlySet<string>> {
    const models = rows.filter(({ facility_id }) => facility_id === null).map(({ device_model }) => device_model)
    const own = queryBuilder('firmware_channels').where({ facility_id: at }).whereIn('device_model', models).select('*')
    const theirs = models.length > 0 ? await rowsOf<FirmwareChannelRow>(deps.database, own) : []
    const isActive = ({ active_release_id }: FirmwareChannelRow) => active_release_id !== null
    const covered = new Set((await standing(theirs, then)).filter(isActive).map(({ device_model }) => device_model))
    const applies = (row: FirmwareChannelRow) =>
      isActive(row) && (row.facility_id !== null || !covered.has(row.device_model))
    return new Set(rows.filter(applies).map(({ id }) => id))
  }

  return [
    route<{}, z.infer<typeof Query>>({
      method: 'GET',
      path,
      permission,
      query: Query,
      reads: ['firmware_channels'],
      answers: { 200: pageOf(KnownFirmwareChannel) },
      run: async ({ query: { device_model, facility_id, as_of: moment, ...asked }, facility, signal }) => {
        const at = facility_id ?? facility
        const filtered = matching(visible(at), { device_model })
        // Not even what is for all is shown as another facility's.
        if (facility !== undefined && at !== facility) filtered.whereRaw('false')
        if (moment) thereAt(filtered, moment)
        const then = { facility, moment, signal }
        const { items, ...rest } = await page<FirmwareChannelRow>(deps.database, filtered, asked)
        const rows = await standing(items, then)
        const applying = at === undefined ? undefined : await inEffect(rows, at, then)
        const shown = rows.map((row) => ({ ...shape.parse(row), in_effect: applying?.has(row.id) ?? null }))
        return { status: 200, body: { ...rest, items: shown } }
      },
    }),
    historyRoute(deps, about),
  ]
}
