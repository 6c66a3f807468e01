import { bucketOf, type Plan } from './firmwareRollout.ts'

/** A device as far as is known without asking it. */
export interface FleetDevice {
  id: string
  facility_id: string
  /** What it says it runs; absent where that is unknown, or no semantic version. */
  version?: string
  battery_mv?: number
}

export interface Candidate extends Pick<Plan, 'ladder' | 'gates'> {
  rollout_id: string
  version: string
  min_version?: string
}

type Reason = 'runs_it' | 'runs_newer' | 'below_min_version' | 'has_own'

export interface Simulated {
  rollout_id: string
  devices: number
  steps: {
    percent: number
    devices: number
    total: number
    waiting: number
    facilities: { facility_id: string; devices: number }[]
    samples: string[]
  }[]
  left_out: Record<Reason, number>
}

const mostSamples = 5

/**
 * What a rollout would do to this fleet, step by step: each device falls to the step that comes to it, unless the release is not for it.
 * @param hasOwn whether the device's facility has something of its own for this model, which comes first
 * @param compare orders versions: below 0 where the first is the older
 */
export function simulate(
  fleet: readonly FleetDevice[],
  { rollout_id, version, min_version, ladder, gates }: Candidate,
  hasOwn: (facility_id: string) => boolean,
  compare: (a: string, b: string) => number,
): Simulated {
  /** Of the few versions that a fleet runs, what each means is found out once. */
  const reasons = new Map<string, Reason | undefined>()
  function reasonOf({ facility_id, version: runs }: FleetDevice): Reason | undefined {
    if (hasOwn(facility_id)) return 'has_own'
    if (runs === undefined) return undefined
    if (!reasons.has(runs)) reasons.set(runs, reasonOfVersion(runs))
    return reasons.get(runs)
  }
  function reasonOfVersion(runs: string): Reason | undefined {
    const order = compare(runs, version)
    if (order === 0) return 'runs_it'
    if (order > 0) return 'runs_newer'
    return min_version !== undefined && compare(runs, min_version) < 0 ? 'below_min_version' : undefined
  }

  const left_out = { runs_it: 0, runs_newer: 0, below_min_version: 0, has_own: 0 }
  const steps = ladder.map((percent) => ({
    ...{ percent, devices: 0, waiting: 0, samples: [] as string[] },
    byFacility: new Map<string, number>(),
  }))
  for (const device of fleet) {
    const reason = reasonOf(device)
    if (reason) {
      left_out[reason]++
      continue
    }
    const bucket = bucketOf(rollout_id, device.id)
    const step = steps.find(({ percent }) => bucket < percent)
    if (!step) continue
    step.devices++
    if (waits(device, gates)) step.waiting++
    step.byFacility.set(device.facility_id, (step.byFacility.get(device.facility_id) ?? 0) + 1)
    if (step.samples.length < mostSamples) step.samples.push(device.id)
  }
  let total = 0
  return {
    rollout_id,
    devices: fleet.length,
    steps: steps.map(({ byFacility, ...step }) => ({
      ...step,
      total: (total += step.devices),
      facilities: [...byFacility].map(([facility_id, devices]) => ({ facility_id, devices })),
    })),
    left_out,
  }
}

/** What a device does not say holds nothing up. */
const waits = ({ battery_mv }: FleetDevice, gates: Plan['gates']): boolean =>
  battery_mv !== undefined && battery_mv < (gates?.min_battery_mv ?? 0)
