import type { z } from 'zod'
import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'
import { Id, line, ProblemDocument, type Route, route, Uuid } from '../ops/platform/route.ts'
import { FirmwareRollout, ReportedRollout, RolloutDevice, RolloutInFull } from '../ops/platform/shapes/rollouts.ts'
import type { FirmwareRolloutRow } from '../projections/firmwareRollouts.ts'
import { byIdRoute } from './byId.ts'
import { ownOrEveryones } from './firmwareChannels.ts'
import { withoutFigures } from './fleetFigures.ts'
import { fleetOf, type FleetDevice, type Scope } from './fleet.ts'
import type { ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { matching, one, page, pageOf, pageQuery, searching } from './page.ts'

export interface RolloutDeps extends ResourceDeps {
  /** Whether a rollout at this share has come to a device. */
  reaches: (rollout: { rollout_id: string; percent: number }, deviceId: string) => boolean
  /** Of these devices of a channel's model, those for which no other channel comes before it. */
  heeding: (scope: Scope, fleet: readonly FleetDevice[]) => Promise<readonly FleetDevice[]>
}

const path = '/api/v1/firmware/rollouts'
const permission = 'rollout:read'
const reads = ['firmware_rollouts', 'firmware_rollout_devices', 'devices', 'device_firmware']

/** What is rolled out to every facility concerns each; how it fares elsewhere does not: see `onlyOf`. */
const visible = (facility: string | undefined) => ownOrEveryones('firmware_rollouts', facility)
const about = { path, resource: 'firmwareRollout', readModel: 'firmware_rollouts', permission, visible }

/** Of the caller's own facility alone, where there is one. */
const onlyOf = (facility: string | undefined) => (facility === undefined ? {} : { facility_id: facility })

interface Count {
  rollout_id: string
  outcome: 'installed' | 'failed' | 'rolled_back'
  kind: string | null
  devices: number
}

/** What is of every facility says to one why it ended, and no figures of the others. */
const reasonFor = (facility: string | undefined, { facility_id, reason }: FirmwareRolloutRow) =>
  facility !== undefined && facility_id === null ? withoutFigures(reason) : reason

/** The rollouts with what their devices have reported. */
async function withReports(
  database: Database,
  rows: readonly FirmwareRolloutRow[],
  facility: string | undefined,
): Promise<(FirmwareRolloutRow & { counts: object; failures: object[] })[]> {
  const counted = queryBuilder('firmware_rollout_devices')
    .whereIn(
      'rollout_id',
      rows.map(({ id }) => id),
    )
    .where(onlyOf(facility))
    .groupBy('rollout_id', 'outcome', 'kind')
    .orderBy('kind')
    .select('rollout_id', 'outcome', 'kind')
    .count({ devices: '*' })
  const found = await rowsOf<Count>(database, counted)
  return rows.map((row) => {
    const own = found.filter(({ rollout_id }) => rollout_id === row.id)
    const counts = { installed: 0, failed: 0, rolled_back: 0 }
    const failures = new Map<string | null, number>()
    for (const { outcome, kind, devices } of own) {
      counts[outcome] += devices
      if (outcome !== 'installed') failures.set(kind, (failures.get(kind) ?? 0) + devices)
    }
    return {
      ...row,
      reason: reasonFor(facility, row),
      counts,
      failures: [...failures].map(([kind, devices]) => ({ kind, devices })),
    }
  })
}

/** The devices that a rollout is for, each with whether it has reported, and whether the rollout has come to it. */
async function concerned(
  { database, reaches, heeding }: RolloutDeps,
  { id, device_model, facility_id, percent }: FirmwareRolloutRow,
  facility: string | undefined,
): Promise<{ id: string; hasReported: boolean; isTargeted: boolean }[]> {
  const reports = queryBuilder('firmware_rollout_devices').where({ rollout_id: id }).select('device_id')
  const reported = new Set((await rowsOf<{ device_id: string }>(database, reports)).map(({ device_id }) => device_id))
  const fleet = await fleetOf(database, { device_model, ...onlyOf(facility_id ?? facility) })
  const heeds = await heeding({ device_model, ...onlyOf(facility_id ?? undefined) }, fleet)
  return heeds.map((device) => ({
    id: device.id,
    hasReported: reported.has(device.id),
    isTargeted: reaches({ rollout_id: id, percent }, device.id),
  }))
}

const countOf = (fleet: Awaited<ReturnType<typeof concerned>>) => ({
  devices: fleet.length,
  targeted: fleet.filter(({ isTargeted }) => isTargeted).length,
  pending: fleet.filter(({ isTargeted, hasReported }) => isTargeted && !hasReported).length,
})

const isOver = ({ ended_at }: FirmwareRolloutRow) => ended_at !== null

const Query = pageQuery('started_at').extend({
  facility_id: Uuid.optional(),
  device_model: line(100).optional(),
  release_id: Uuid.optional(),
  status: FirmwareRollout.shape.status.optional(),
})

const DevicesQuery = pageQuery('name', 'serial', 'reported_at').extend({
  state: RolloutDevice.shape.state.optional(),
  kind: RolloutDevice.shape.kind.unwrap().optional(),
  facility_id: Uuid.optional(),
  q: line(100).optional(),
})

/** What devices of a rollout are shown as: those that reported, and those that it has come to. */
const devicesOf = (rollout_id: string, targeted: string[], facility: string | undefined) =>
  queryBuilder('devices as d')
    .leftJoin('firmware_rollout_devices as r', (on) => {
      on.on('r.device_id', 'd.id').andOnVal('r.rollout_id', rollout_id)
    })
    .where((either) => void either.whereNotNull('r.id').orWhereRaw('d.id = any(?::uuid[])', [targeted]))
    .modify((query) => facility !== undefined && void query.where({ 'd.facility_id': facility }))
    .select('d.id', 'd.facility_id', 'd.name', 'd.serial', 'r.kind', 'r.detail', 'r.attempt', 'r.reported_at')
    .select(queryBuilder.raw(`coalesce(r.outcome, 'pending') as state`))

export const firmwareRollouts = (deps: RolloutDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission,
    query: Query,
    reads,
    answers: { 200: pageOf(ReportedRollout) },
    run: async ({ query: { facility_id, device_model, release_id, status, ...asked }, facility }) => {
      const filtered = matching(visible(facility), { facility_id, device_model, release_id, status })
      const { items, ...rest } = await page<FirmwareRolloutRow>(deps.database, filtered, asked)
      return { status: 200, body: { ...rest, items: await withReports(deps.database, items, facility) } }
    },
  }),
  byIdRoute<FirmwareRolloutRow>(deps, {
    ...about,
    shape: RolloutInFull,
    // What had been reported by then is in the history of the devices alone.
    shown: async (row, isPresent, { facility }) => {
      if (!isPresent) return { ...row, reason: reasonFor(facility, row), counts: null, failures: null, fleet: null }
      const [reported] = await withReports(deps.database, [row], facility)
      return { ...reported, fleet: isOver(row) ? null : countOf(await concerned(deps, row, facility)) }
    },
  }),
  historyRoute(deps, about),
  route<{ id: string }, z.infer<typeof DevicesQuery>>({
    method: 'GET',
    path: `${path}/:id/devices`,
    permission,
    params: Id,
    query: DevicesQuery,
    reads,
    answers: { 200: pageOf(RolloutDevice), 404: ProblemDocument },
    run: async ({ params: { id }, query: { q, state, kind, facility_id, ...asked }, facility }) => {
      const row = await one<FirmwareRolloutRow>(deps.database, visible(facility).where({ id }))
      const fleet = isOver(row) ? [] : await concerned(deps, row, facility)
      const targeted = fleet.filter(({ isTargeted }) => isTargeted).map((device) => device.id)
      const filtered = queryBuilder('rollout_devices').with('rollout_devices', devicesOf(id, targeted, facility))
      matching(filtered, { state, kind, facility_id })
      searching(filtered, q, ['name', 'serial'])
      return { status: 200, body: await page(deps.database, filtered, asked, ['reported_at']) }
    },
  }),
]
