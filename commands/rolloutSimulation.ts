import type { z } from 'zod'
import * as FirmwareChannel from '../domain/firmwareChannel.ts'
import { Refusal } from '../domain/refusal.ts'
import { type FleetDevice, simulate } from '../domain/firmwareSimulation.ts'
import { ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/rollouts.ts'
import { releaseToChange } from './firmwareScope.ts'
import type { Deps } from './http.ts'
import { decidingOf, knownOf } from './rolloutFleet.ts'
import { RolloutWanted } from './rolloutPlans.ts'
import { beginning } from './rollouts.ts'

export interface SimulationDeps extends Deps {
  /** The devices of this model in use, of one facility or of all, as the read models have them. */
  fleetOf: (scope: FirmwareChannel.Scope) => Promise<FleetDevice[]>
}

/** What would be started, and what then would be offered: refused where the start would be, but for a draft or what is open. */
export const rolloutSimulation = ({ store, now, fleetOf }: SimulationDeps): Route[] => [
  route<{}, {}, z.infer<typeof RolloutWanted>>({
    method: 'POST',
    path: '/api/v1/firmware/rollouts/simulate',
    permission: 'rollout:steer',
    body: RolloutWanted,
    reads: ['devices', 'device_firmware'],
    answers: {
      200: shapes.RolloutSimulation,
      403: ProblemDocument,
      404: ProblemDocument,
      409: ProblemDocument,
    },
    run: async ({ body: { release_id, ...plan }, facility }) => {
      const { release } = await releaseToChange(store, release_id, facility)
      if (release.status === 'withdrawn')
        throw new Refusal('firmware-withdrawn', `Release ${release.version} was withdrawn`)
      const { scope, state, start } = await beginning(store, { release_id, release, plan, started_at: now() })
      const { rollout: _, ...idle } = state
      const begun = start(idle).reduce<FirmwareChannel.State>(FirmwareChannel.evolve, idle)
      const rollout = { ...begun.rollout!, percent: 100 }
      const channel = { ...begun, rollout }
      const fleet = await fleetOf(scope)
      const deciding = await decidingOf(store, scope.device_model, fleet)
      deciding.releases.set(release_id, { ...release, status: 'published' })
      const channelsOf = (facility_id: string) =>
        scope.facility_id === undefined ? [deciding.own.get(facility_id)!, channel] : [channel, deciding.everyones]
      return { status: 200, body: simulate(fleet, rollout, channelsOf, knownOf(deciding)) }
    },
  }),
]
