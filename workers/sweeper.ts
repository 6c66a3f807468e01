import { setTimeout as delay } from 'node:timers/promises'
import type { Objects } from '../ops/platform/objects.ts'
import { type SweepIncoming, sweepIncoming } from './incoming.ts'
import { type Leading, runAsLeader } from './leading.ts'
import { type Balancing, checkedKey, sweepOrphans, TooMany } from './orphans.ts'

const lock = 'storage sweeper'

/** Keeps the object store free of what nobody will ask for: by one process of all, now and then, until the signal. */
export async function runSweeper(
  deps: SweepIncoming &
    Balancing &
    Pick<Leading, 'locks' | 'standbyMs'> & { incomingEveryMs: number; orphansEveryMs: number },
): Promise<void> {
  const { objects, now, log, signal, incomingEveryMs, orphansEveryMs } = deps
  const checked = () => objects.put(checkedKey, nothing(), 'application/octet-stream')
  await delay(incomingEveryMs, undefined, { signal }).catch(() => undefined)
  await runAsLeader({ ...deps, lock, everyMs: incomingEveryMs }, async (until) => {
    const sweeping = { ...deps, signal: until }
    try {
      const dropped = await sweepIncoming(sweeping)
      if (dropped > 0) log.info({ dropped }, 'unfinished uploads expired')
      const ago = Date.parse(now()) - (await checkedAt(objects))
      // By the store's clock: what is yet to come says nothing.
      if (ago >= -orphansEveryMs && ago < orphansEveryMs) return
      const { missing, missingCount, ...found } = await sweepOrphans(sweeping)
      await checked()
      log[missingCount > 0 ? 'error' : 'info']({ ...found, missing, missingCount }, 'the object store was checked')
    } catch (error) {
      if (error instanceof TooMany) await checked()
      if (!until.aborted) log.error({ error }, 'the object store was not swept; it will be')
    }
  })
}

/** When that was last done to its end, by whichever instance, in milliseconds. */
async function checkedAt(objects: Objects): Promise<number> {
  for await (const { modified_at } of objects.list(checkedKey)) return modified_at.getTime()
  return -Infinity
}

async function* nothing(): AsyncGenerator<Buffer> {}
