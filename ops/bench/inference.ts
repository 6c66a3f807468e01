import { Option } from 'commander'
import { createLifecycle } from '../platform/lifecycle.ts'
import { createLog } from '../platform/log.ts'
import { connectInference } from '../../workers/inferenceProtocol.ts'
import { findPrograms } from '../programs.ts'
import { openConnections } from '../roles/connections.ts'
import type { Bench } from './bench.ts'
import { inferringAt } from './inferring.ts'
import { install } from './installation.ts'
import { interleaved, quantile, timed } from './measure.ts'
import { measureModels } from './models.ts'
import { wholeNumber } from './options.ts'
import { slowServer } from './slowServer.ts'

/** Each server answers in so many milliseconds, so many requests at a time. */
const [latencyMs, concurrency] = [50, 4]
const servers = 3

export const inference: Bench = {
  name: 'inference',
  description: 'inference over slow servers, beside what they can do and beside a bare call',
  phases: ['models', 'throughput', 'overhead'],
  options: [
    new Option('--path <folders>', 'where ffmpeg is looked for').env('PATH').default('/usr/bin'),
    new Option('--jobs <n>', 'of each round').default(600).argParser(wholeNumber),
    new Option('--events <n>', 'of the log before').default(2000).argParser(wholeNumber),
    new Option('--seed <n>', 'of that log').default(1).argParser(wholeNumber),
  ],
  async run(session) {
    const { options, report } = session
    const jobs = options['jobs'] as number
    if (session.wants('models')) {
      const programs = await findPrograms({}, options['path'] as string)
      await measureModels(session, { programs, inferAt })
    }
    if (!session.wants('throughput') && !session.wants('overhead')) return
    const { config, stop } = await install(session, { name: 'inference', events: options['events'] as number })
    const log = createLog('warn')
    const lifecycle = createLifecycle({ log })
    const connections = await openConnections(config, log, lifecycle)
    const fleet = await Promise.all(Array.from({ length: servers }, () => slowServer(latencyMs)))
    const urls = fleet.map(({ url }) => url)
    const slots = servers * concurrency + 4
    const worker = await inferringAt(connections, { urls, slots, concurrency, signal: lifecycle.stopping })
    lifecycle.onStop('worker', () => worker.stopped)

    if (session.wants('throughput')) {
      const { ours } = await interleaved(options.rounds, {
        ours: async () => (jobs / (await timed(() => Promise.all(Array.from({ length: jobs }, worker.ask))))) * 1000,
      })
      const capacity = (servers * concurrency * 1000) / latencyMs
      report.add({
        id: 'inference.throughput',
        what: `jobs asked for at once, over ${servers} servers of ${concurrency} × ${latencyMs} ms`,
        unit: '/s',
        ours,
        beside: { what: 'their capacity', values: ours.map(() => capacity) },
        targets: [{ of: 'ratio', least: 0.9 }],
      })
    }
    if (session.wants('overhead')) {
      const count = Math.ceil(jobs / 20)
      const call = async () => {
        const body = '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}'
        await (await fetch(`${urls[0]}/v2/models/bench/infer`, { method: 'POST', body })).text()
      }
      const inTurn = async (one: () => Promise<number>) => {
        const ms: number[] = []
        for (let i = 0; i < count; i++) ms.push(await one())
        return quantile(ms, 0.5)
      }
      const rounds = await interleaved(options.rounds, {
        asked: () => inTurn(() => timed(worker.ask)),
        taken: () => inTurn(async () => worker.ask().then(({ taken, done }) => done - taken)),
        bare: () => inTurn(() => timed(call)),
      })
      const over = (values: readonly number[]) => values.map((value, i) => value - rounds.bare[i]!)
      report.add({
        id: 'inference.overhead',
        what: 'of a job over a bare call, once a worker has taken it: its recording fetched, two durable events; p50',
        unit: 'ms',
        ours: over(rounds.taken),
        targets: [{ of: 'ours', most: 10 }],
      })
      report.add({
        id: 'inference.turnaround',
        what: 'the same from the request on, with its event and JetStream; p50',
        unit: 'ms',
        ours: over(rounds.asked),
      })
    }
    await lifecycle.stop('measured')
    await Promise.all(fleet.map(({ die }) => die()))
    await stop()
  },
}

/** As the product asks, at the server at this address. */
const inferAt: Parameters<typeof measureModels>[1]['inferAt'] = (url, model) => {
  const server = connectInference({ url, timeoutMs: 60_000 })
  const { signal } = new AbortController()
  return async (inputs, outputs) => (await server.infer({ model, inputs, ...(outputs && { outputs }) }, signal)).outputs
}
