import { setTimeout as delay } from 'node:timers/promises'

/** One value a round: the median is what counts, the range says how far to trust it. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** `q` from 0 to 1, by the nearest rank. NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN
}

/** Between the two middle values where their number is even. */
export function median(values: readonly number[]): number {
  const reversed = values.map((value) => -value)
  return (quantile(values, 0.5) - quantile(reversed, 0.5)) / 2
}

export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  low: Math.min(...values),
  high: Math.max(...values),
})

type Sides = Record<string, () => Promise<unknown>>
type Rounds<S extends Sides> = { [K in keyof S]: Awaited<ReturnType<S[K]>>[] }

/**
 * Every side once a round, in turn (A B A B …), so that what disturbs the machine for a while disturbs all of them. The first
 * round warms up and is not counted.
 */
export async function interleaved<S extends Sides>(
  rounds: number,
  sides: S,
  { warmUp = true, before }: { warmUp?: boolean; before?: () => void } = {},
): Promise<Rounds<S>> {
  const all = Object.fromEntries(Object.keys(sides).map((side) => [side, [] as unknown[]]))
  for (let round = warmUp ? -1 : 0; round < rounds; round++) {
    before?.()
    for (const [side, act] of Object.entries(sides)) {
      const value = await act()
      if (round >= 0) all[side]!.push(value)
      await delay(10) // what the last one left to do is not the next one's
    }
  }
  return all as Rounds<S>
}

/** Milliseconds. */
export async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await act()
  return performance.now() - start
}

export interface Pace {
  perSecond: number
  p50: number
  p99: number
}

/** `act` by so many workers at once, each one call after the other, until the time is over or so many were begun. */
export async function pace(
  workers: number,
  limit: { ms: number } | { calls: number },
  act: (worker: number, call: number) => Promise<unknown>,
): Promise<Pace> {
  const latencies: number[] = []
  const start = performance.now()
  const over = 'ms' in limit ? () => performance.now() - start >= limit.ms : () => begun >= limit.calls
  let begun = 0
  const worker = async (_: unknown, index: number) => {
    while (!over()) latencies.push(await timed(() => act(index, begun++)))
  }
  await Promise.all(Array.from({ length: workers }, worker))
  const perSecond = (latencies.length / (performance.now() - start)) * 1000
  return { perSecond, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }
}
