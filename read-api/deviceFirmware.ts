import type { Knex } from 'knex'
import { z } from 'zod'
import { queryBuilder, rowsOf } from '../ops/platform/database.ts'
import { line, type Route, route, Uuid } from '../ops/platform/route.ts'
import { FirmwareDevice } from '../ops/platform/shapes/devices.ts'
import { FirmwareDistribution } from '../ops/platform/shapes/firmware.ts'
import type { DeviceFirmwareRow } from '../projections/deviceFirmware.ts'
import type { ResourceDeps } from './folding.ts'
import { matching, page, pageOf, pageQuery, searching } from './page.ts'

const path = '/api/v1/firmware'
const permission = 'firmware:read'
const reads = ['devices', 'device_firmware', 'firmware_channels']

/**
 * A device's channel is its facility's where that has something active, else everybody's. Behind: it runs something older than that says, or
 * something newer although it was rolled back, or although that was gone back from or withdrawn before. Unexpected: it runs what none of its channels ever offered, or says to have installed what a
 * rollout had not brought to it.
 */
const fleet = (facility: string | undefined) =>
  queryBuilder('devices as d')
    .leftJoin('device_firmware as f', 'f.id', 'd.id')
    .joinRaw(
      `left join lateral (
         select active_release_id as release_id, active_version as version, active_precedence as precedence, active_by
         from firmware_channels
         where device_model = d.model and active_release_id is not null
           and (facility_id = d.facility_id or facility_id is null)
         order by facility_id nulls last limit 1
       ) target on true
       left join lateral (
         select bool_or(f.precedence = any(offered)) as offered, bool_or(f.precedence = any(activated)) as activated,
           bool_or(f.precedence = any(left_versions)) as is_left
         from firmware_channels where device_model = d.model and (facility_id = d.facility_id or facility_id is null)
       ) told on true`,
    )
    .where('d.status', 'active')
    .modify((query) => facility && void query.where('d.facility_id', facility))
    .select({
      id: 'd.id',
      facility_id: 'd.facility_id',
      name: 'd.name',
      serial: 'd.serial',
      device_model: 'd.model',
      version: 'f.version',
      observed_at: 'f.observed_at',
      release_id: 'f.release_id',
      release_version: 'f.release_version',
      outcome: 'f.outcome',
      kind: 'f.kind',
      detail: 'f.detail',
      rollout_id: 'f.rollout_id',
      reported_at: 'f.reported_at',
      target_release_id: 'target.release_id',
      target_version: 'target.version',
      behind: queryBuilder.raw(
        `target.release_id is not null and (f.precedence is null or f.precedence collate "C" < target.precedence
         or (f.precedence <> target.precedence and (target.active_by = 'rollback' or told.is_left is true)))`,
      ),
      unexpected: queryBuilder.raw(
        `f.version is not null and (told.offered is not true or (told.activated is not true
         and f.outcome = 'installed' and f.release_version = f.version and f.rollout_id is null))`,
      ),
    })
    .as('fleet')

type Row = DeviceFirmwareRow & {
  target_release_id: string | null
  target_version: string | null
} & Record<'facility_id' | 'name' | 'serial' | 'device_model', string> &
  Record<'behind' | 'unexpected', boolean>

/** The last it told of an installation. */
export const lastReport = (row: Omit<DeviceFirmwareRow, 'id'>): z.infer<typeof FirmwareDevice>['last_report'] =>
  row.release_id === null
    ? null
    : {
        release_id: row.release_id,
        version: row.release_version!,
        outcome: row.outcome!,
        kind: row.kind ?? null,
        detail: row.detail,
        rollout_id: row.rollout_id,
        reported_at: row.reported_at!,
      }

const shown = (row: Row): z.infer<typeof FirmwareDevice> => ({
  id: row.id,
  facility_id: row.facility_id,
  name: row.name,
  serial: row.serial,
  device_model: row.device_model,
  version: row.version,
  observed_at: row.observed_at,
  last_report: lastReport(row),
  target: row.target_release_id === null ? null : { release_id: row.target_release_id, version: row.target_version! },
  behind: row.behind,
  unexpected: row.unexpected,
})

const flag = z.enum(['true', 'false']).optional()
const Place = { facility_id: Uuid.optional(), device_model: line(100).optional() }
const Query = pageQuery('serial', 'observed_at', 'reported_at').extend({
  ...Place,
  version: line(100).optional(),
  outcome: z.enum(['installed', 'failed', 'rolled_back']).optional(),
  behind: flag,
  unexpected: flag,
  q: line(100).optional(),
})
const Distributed = z.object(Place)

export const deviceFirmware = ({ database }: ResourceDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path: `${path}/devices`,
    permission,
    query: Query,
    reads,
    answers: { 200: pageOf(FirmwareDevice) },
    run: async ({
      query: { q, behind, unexpected, facility_id, device_model, version, outcome, ...asked },
      facility,
    }) => {
      const filtered: Knex.QueryBuilder = queryBuilder.from(fleet(facility))
      matching(filtered, { facility_id, device_model, version, outcome, behind, unexpected })
      searching(filtered, q, ['name', 'serial'])
      const { items, ...rest } = await page<Row>(database, filtered, asked, ['observed_at', 'reported_at'])
      return { status: 200, body: { ...rest, items: items.map(shown) } }
    },
  }),
  route<{}, z.infer<typeof Distributed>>({
    method: 'GET',
    path: `${path}/distribution`,
    permission,
    query: Distributed,
    reads,
    answers: { 200: FirmwareDistribution },
    run: async ({ query: { facility_id, device_model: model }, facility }) => {
      const counted = queryBuilder('devices as d')
        .leftJoin('device_firmware as f', 'f.id', 'd.id')
        .where('d.status', 'active')
        .modify((query) => facility && void query.where('d.facility_id', facility))
        .groupBy('d.model', 'd.facility_id', 'f.version', 'f.precedence')
        .orderByRaw('d.model, d.facility_id, f.precedence collate "C" desc nulls last, f.version')
        .select({ device_model: 'd.model', facility_id: 'd.facility_id', version: 'f.version' })
        .select(queryBuilder.raw('count(*)::int as devices'))
      const items = await rowsOf(database, matching(counted, { 'd.facility_id': facility_id, 'd.model': model }))
      return { status: 200, body: { items } }
    },
  }),
]
