import semver from 'semver'
import type { z } from 'zod'
import * as FirmwareChannel from '../domain/firmwareChannel.ts'
import { Refusal } from '../domain/refusal.ts'
import { type FleetDevice, simulate } from '../domain/firmwareSimulation.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes.ts'
import { channelIdOf } from './firmwareChannels.ts'
import { releaseToChange } from './firmwareScope.ts'
import { load } from './handle.ts'
import type { Deps } from './http.ts'
import { SimulationWanted } from './rolloutPlans.ts'
import { rolloutIdOf, scopeOf } from './rollouts.ts'

export interface SimulationDeps extends Deps {
  /** The devices of this model in use, of one facility or of all, as the read models have them. */
  fleetOf: (scope: FirmwareChannel.Scope) => Promise<FleetDevice[]>
}

/** Of these facilities, those with a channel of their own that has something for the model: what is for every facility does not reach them. */
export async function facilitiesOfTheirOwn(
  store: EventStore,
  device_model: string,
  facilityIds: Iterable<string>,
): Promise<Set<string>> {
  const own = new Set<string>()
  for (const facility_id of new Set(facilityIds)) {
    const { state } = await load(store, FirmwareChannel, channelIdOf({ device_model, facility_id }))
    if (state.active) own.add(facility_id)
  }
  return own
}

export const rolloutSimulation = ({ store, fleetOf }: SimulationDeps): Route[] => [
  route<{}, {}, z.infer<typeof SimulationWanted>>({
    method: 'POST',
    path: '/api/v1/firmware/rollouts/simulate',
    permission: 'rollout:steer',
    body: SimulationWanted,
    reads: ['devices'],
    answers: {
      200: shapes.RolloutSimulation,
      403: ProblemDocument,
      404: ProblemDocument,
      409: ProblemDocument,
    },
    run: async ({ body: { release_id, ...plan }, facility }) => {
      const { release } = await releaseToChange(store, release_id, facility)
      const { version, min_version, status } = release
      if (status === 'withdrawn') throw new Refusal('firmware-withdrawn', `Release ${version} was withdrawn`)
      const scope = scopeOf(release)
      const { revision } = await load(store, FirmwareChannel, channelIdOf(scope))
      const fleet = await fleetOf(scope)
      const facilities = scope.facility_id === undefined ? fleet.map(({ facility_id }) => facility_id) : []
      const own = await facilitiesOfTheirOwn(store, scope.device_model, facilities)
      const candidate = {
        ...{ ...plan, version, ...(min_version !== undefined && { min_version }) },
        rollout_id: rolloutIdOf(scope, release_id, revision),
      }
      return { status: 200, body: simulate(fleet, candidate, (id) => own.has(id), semver.compare) }
    },
  }),
]
