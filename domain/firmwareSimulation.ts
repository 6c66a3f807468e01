import type { Compare } from './firmwareActivation.ts'
import type { State as Channel } from './firmwareChannel.ts'
import type { Ended } from './deviceFirmware.ts'
import { type Asking, type Known, offerOf, type Try, type Unfit } from './firmwareOffer.ts'
import { bucketOf, type Rollout } from './firmwareRollout.ts'

/** A device as far as is known without asking it. */
export interface FleetDevice {
  id: string
  facility_id: string
  /** What it says it runs; absent where that is unknown, or no semantic version. */
  version?: string
  battery_mv?: number
  /** The last it told of an installation. */
  report?: Ended
}

/** Of the ways to be unfit, those that one can be for what nobody has tried. */
type Reason = Exclude<Unfit, 'failed' | 'held_back' | 'not_published'> | 'has_own'

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

/** What a device of a fleet asks, as far as is known; one that never said what it runs is taken to run `unheard`. */
export function askingOf({ id: device_id, version, report }: FleetDevice, unheard = oldest): Asking {
  const asking: Asking = { device_id, version: version ?? unheard }
  if (report) asking.ended = [report]
  return asking
}

const mostSamples = 5
/** No version precedes it. */
const oldest = '0.0.0-0'

/**
 * What a rollout would do to this fleet, step by step: each device falls to the step that comes to it, unless it is not what the device would be
 * offered. One that never said what it runs is taken for the oldest that the release is for.
 * @param rollout running at the whole of the fleet
 * @param channelsOf of a facility's devices, with the rollout in its own
 */
export function simulate(
  fleet: readonly FleetDevice[],
  { rollout_id, release_id, ladder }: Pick<Rollout, 'rollout_id' | 'release_id' | 'ladder'>,
  channelsOf: (facility_id: string) => readonly Channel[],
  { releaseOf, compare }: Known,
): Simulated {
  const known = { releaseOf, compare: remembering(compare) }
  const release = releaseOf(release_id)
  const unheard = (release && 'version' in release && release.min_version) || oldest

  const left_out = { runs_it: 0, runs_newer: 0, below_min_version: 0, below_security_version: 0, has_own: 0 }
  const steps = ladder.map((percent) => ({
    ...{ percent, devices: 0, waiting: 0, samples: [] as string[] },
    byFacility: new Map<string, number>(),
  }))
  // Whatever is offered before this is even looked at, comes first.
  let why: Reason = 'has_own'
  let isHeldBack = false
  function declined(one: Try, unfit: Unfit) {
    if (unfit === 'held_back') isHeldBack = true
    else if (one.rollout_id === rollout_id) why = unfit as Reason
  }
  const isOffered = (asking: Asking, channels: readonly Channel[]) =>
    offerOf(asking, channels, known, declined)?.rollout_id === rollout_id

  for (const device of fleet) {
    const { id, facility_id, battery_mv } = device
    const channels = channelsOf(facility_id)
    why = 'has_own'
    isHeldBack = false
    const asking = askingOf(device, unheard)
    const getsItNow = isOffered(battery_mv === undefined ? asking : { ...asking, battery_mv }, channels)
    if (!getsItNow && !(isHeldBack && isOffered(asking, channels))) {
      left_out[why]++
      continue
    }
    const bucket = bucketOf(rollout_id, id)
    const step = steps.find(({ percent }) => bucket < percent)
    if (!step) continue
    step.devices++
    if (!getsItNow) step.waiting++
    step.byFacility.set(facility_id, (step.byFacility.get(facility_id) ?? 0) + 1)
    if (step.samples.length < mostSamples) step.samples.push(id)
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

/** Of the few versions that a fleet runs, each is compared with each once. */
function remembering(compare: Compare): Compare {
  const known = new Map<string, Map<string, number>>()
  return (a, b) => {
    let orders = known.get(a)
    if (!orders) known.set(a, (orders = new Map()))
    let order = orders.get(b)
    if (order === undefined) orders.set(b, (order = compare(a, b)))
    return order
  }
}
