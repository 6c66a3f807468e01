import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** The figures of this process, in Prometheus's words. They are brought up to date when they are asked for, never by a timer. */
export interface Metrics {
  counter<Label extends string = never>(name: string, help: string, labels?: readonly Label[]): Counter<Label>
  gauge<Label extends string>(name: string, help: string, labels: readonly Label[]): Gauge<Label>
  histogram<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[],
    buckets: readonly number[],
  ): Histogram<Label>
  /** Called before every answer, which waits for it: it has to end soon, and to set what it could learn. */
  beforeScrape(look: () => Promise<void>): void
  /** All of them as text. Whoever asks while they are gathered gets the same. */
  scrape(): Promise<string>
  contentType: string
}

/** With what every process tells of itself: memory, time on the processor, the event loop's delay, garbage collection. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const looks: (() => Promise<void>)[] = []
  let underWay: Promise<string> | undefined

  async function gather(): Promise<string> {
    await Promise.all(looks.map((look) => look()))
    return registry.metrics()
  }

  const registers = [registry]
  return {
    counter: (name, help, labelNames = []) => new Counter({ name, help, labelNames, registers }),
    gauge: (name, help, labelNames) => new Gauge({ name, help, labelNames, registers }),
    histogram: (name, help, labelNames, buckets) =>
      new Histogram({ name, help, labelNames, buckets: [...buckets], registers }),
    beforeScrape: (look) => void looks.push(look),
    scrape: () => (underWay ??= gather().finally(() => (underWay = undefined))),
    contentType: registry.contentType,
  }
}
