/** What a fleet does; each a day, of one device. */
export interface Fleet {
  devices: number
  uploads: number
  /** Of one recording. */
  seconds: number
  megabytes: number
  checks: number
  heartbeats: number
}

/** Medians by the ids of the benches' figures; `transcode.all` of 60 s. */
export type Medians = ReadonlyMap<string, number>

/** How often the busiest hour is as busy as the mean one. */
const peak = 3
/** Above this share of a machine there is no room for its peaks. */
const full = 0.5
/** Of one recording: received, probed; transcode requested, started, the first rendition made, all made. */
export const eventsOfUpload = 6
/** The recording, its job; of each event one in the audit trail and one of its resource, and of its job's four one of the recording too. */
const rowsOfUpload = 2 + 2 * eventsOfUpload + 4

/** A kind of work: so many of a machine as was measured it keeps busy at the peak, and what more machines for it are. */
export interface Load {
  work: string
  /** The figure, what one costs in ms, and how many come in a second at the peak. */
  figure: string
  costMs: number
  perSecond: number
  machines: number
  grows: string
}

interface Work {
  work: string
  figure: string
  /** Of the figure's value, in ms. */
  cost: (value: number, fleet: Fleet) => number
  /** In a day, of one device. */
  count: (fleet: Fleet) => number
  grows: string
}

const rate = (perSecond: number) => 1000 / perSecond

const works: readonly Work[] = [
  {
    work: 'upload: bytes received and stored',
    figure: 'upload.many',
    cost: (megabytesPerSecond, { megabytes }) => (1000 * megabytes) / megabytesPerSecond,
    count: ({ uploads }) => uploads,
    grows: 'more `api` and a larger S3',
  },
  {
    work: 'upload: transcoded',
    figure: 'transcode.all',
    cost: (ms, { seconds }) => (ms * seconds) / 60,
    count: ({ uploads }) => uploads,
    grows: 'more `workers`',
  },
  {
    work: 'upload: its job handed out, three events each',
    figure: 'job.throughput',
    cost: rate,
    count: ({ uploads }) => uploads,
    grows: 'an installation a region, since one event store orders all its events',
  },
  {
    work: 'event: folded into all read models',
    figure: 'replay.bulk.100000',
    cost: rate,
    count: ({ uploads }) => uploads * eventsOfUpload,
    grows: 'one leader folds all, and is not divided yet: an installation a region',
  },
  { work: 'firmware check', figure: 'ota.check', cost: rate, count: ({ checks }) => checks, grows: 'more `api`' },
  {
    work: 'heartbeat',
    figure: 'heartbeat.rate',
    cost: rate,
    count: ({ heartbeats }) => heartbeats,
    grows: 'more `api`',
  },
]

/** What the fleet costs by what was measured; works whose figure is not there are named in `unknown`. */
export function loadsOf(fleet: Fleet, medians: Medians): { loads: Load[]; unknown: string[] } {
  const loads: Load[] = []
  const unknown: string[] = []
  for (const { work, figure, cost, count, grows } of works) {
    const value = medians.get(figure)
    if (value === undefined) {
      unknown.push(figure)
      continue
    }
    const costMs = cost(value, fleet)
    const perSecond = (peak * fleet.devices * count(fleet)) / 86_400
    loads.push({ work, figure, costMs, perSecond, machines: (perSecond * costMs) / 1000, grows })
  }
  return { loads, unknown }
}

/** What has to be done for it, in words; the first thing first. */
export function adviceOf(loads: readonly Load[]): string[] {
  const all = loads.reduce((sum, { machines }) => sum + machines, 0)
  if (all <= full) return [`one machine with everything (\`up\`): ${percent(all)} busy at the peak`]
  const advice = [`split the roles: one machine would be ${percent(all)} busy at the peak`]
  for (const { work, machines, grows } of loads)
    if (machines > full) advice.push(`${work}: ${Math.ceil(machines / full)} machines' worth: ${grows}`)
  return advice
}

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`

/** What comes to it in a day; `gigabytes` of recordings as they are sent. */
export const growthOf = ({ devices, uploads, megabytes }: Fleet) => ({
  gigabytes: (devices * uploads * megabytes) / 1000,
  events: devices * uploads * eventsOfUpload,
  rows: devices * uploads * rowsOfUpload,
})
