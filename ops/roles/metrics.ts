import type { Config } from '../platform/config.ts'
import type { Lifecycle } from '../platform/lifecycle.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { measureProjections } from '../projections/metrics.ts'
import { listenForScrapes } from '../server/metrics.ts'
import type { Connections } from './connections.ts'

/** The figures of this process, served at METRICS_ADDR at once where there is one. Undefined: nobody asks for them, and none are kept. */
export async function openMetrics(
  { METRICS_ADDR: address, METRICS_TOKEN: token }: Config,
  opened: () => Connections | undefined,
  log: Log,
  lifecycle: Lifecycle,
): Promise<Metrics | undefined> {
  if (address === undefined && token === undefined) return undefined
  const { createMetrics } = await import('../platform/metrics.ts')
  const metrics = createMetrics()
  measureProjections(metrics, opened)
  if (address !== undefined) {
    const listener = await listenForScrapes({ address, metrics, token, log })
    lifecycle.onStop('metrics', () => listener.close())
    log.info({ port: listener.port }, 'metrics can be scraped')
  }
  return metrics
}
