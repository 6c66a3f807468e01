import { Option } from 'commander'
import { createLifecycle } from '../platform/lifecycle.ts'
import { createLog } from '../platform/log.ts'
import { openConnections } from '../roles/connections.ts'
import type { Bench } from './bench.ts'
import { inferringAt } from './inferring.ts'
import { install } from './installation.ts'
import { wholeNumber } from './options.ts'
import { slowServer } from './slowServer.ts'

const [latencyMs, concurrency, servers] = [50, 4, 3]

export const failover: Bench = {
  name: 'failover',
  description: 'one of three inference servers dies under load',
  phases: ['death'],
  options: [
    new Option('--jobs <n>', 'of each round').default(300).argParser(wholeNumber),
    new Option('--events <n>', 'of the log before').default(2000).argParser(wholeNumber),
    new Option('--seed <n>', 'of that log').default(1).argParser(wholeNumber),
  ],
  async run(session) {
    const { options, report } = session
    const jobs = options['jobs'] as number
    const { config, stop } = await install(session, { name: 'failover', events: options['events'] as number })
    const log = createLog('error')
    const found: Round[] = []
    for (let round = 0; round < options.rounds; round++) {
      const lifecycle = createLifecycle({ log })
      const connections = await openConnections(config, log, lifecycle)
      const fleet = await Promise.all(Array.from({ length: servers }, () => slowServer(latencyMs)))
      const urls = fleet.map(({ url }) => url)
      const slots = servers * concurrency
      const worker = await inferringAt(connections, { urls, slots, concurrency, signal: lifecycle.stopping })
      lifecycle.onStop('worker', () => worker.stopped)
      found.push(await oneDies(worker, { jobs, die: fleet[0]!.die }))
      await worker.retire()
      await lifecycle.stop('measured')
      await Promise.all(fleet.slice(1).map(({ die }) => die()))
    }
    report.add({
      id: 'failover.lost',
      what: 'jobs of those that one of three servers took with it that have not succeeded',
      unit: '',
      ours: found.map(({ lost }) => lost),
      targets: [{ of: 'ours', most: 0 }],
    })
    report.add({
      id: 'failover.next',
      what: 'from an attempt that failed with it to the next, the longest',
      unit: 'ms',
      ours: found.map(({ nextMs }) => nextMs),
      targets: [{ of: 'ours', most: 1000 }],
    })
    await stop()
  },
}

interface Round {
  lost: number
  nextMs: number
}

/** A server dies when a third of the jobs are done; all are waited for. */
async function oneDies(
  worker: Awaited<ReturnType<typeof inferringAt>>,
  { jobs, die }: { jobs: number; die: () => Promise<void> },
): Promise<Round> {
  let done = 0
  const all = Array.from({ length: jobs }, async () => {
    const went = await worker.ask()
    if (++done === Math.floor(jobs / 3)) await die()
    return went
  })
  const waits: number[] = []
  let lost = 0
  for (const { id } of await Promise.all(all)) {
    const events = await worker.events(id)
    if (events.at(-1)!.type !== 'InferenceCompleted') lost++
    events.forEach(({ type, data }, i) => {
      const next = events[i + 1]
      if (type !== 'InferenceAttemptFailed' || !next) return
      waits.push(Date.parse(next.data['started_at'] as string) - Date.parse(data['failed_at'] as string))
    })
  }
  if (waits.length === 0) throw new Error('the server that died had nothing in hand')
  return { lost, nextMs: Math.max(...waits) }
}
