import { personalFields } from '../../domain/events.ts'
import { type Balance, balance, sweepOrphans } from '../../workers/orphans.ts'
import { type Config, masterKeysOf } from '../platform/config.ts'
import { connectEventStore } from '../platform/eventStoreClient.ts'
import { connectObjects } from '../platform/objects.ts'
import { objectsIn } from '../roles/connections.ts'

/** The store and the log of this configuration, compared; with `sweep`, without what no event names. */
export async function checkStorage(
  config: Config,
  sweep: boolean,
  onProgress: (done: number, total: number) => void,
): Promise<Balance & { removed?: number }> {
  const store = connectEventStore({ url: config.EVENTSTORE_URL, ...masterKeysOf(config), personalFields })
  try {
    const objects = connectObjects(objectsIn(config))
    await objects.prepare()
    let [total, looked] = [1, 0]
    for await (const _ of objects.list('')) total++
    const asked = {
      ...{ store, objects, graceMs: config.ORPHAN_GRACE_SECS * 1000, signal: new AbortController().signal },
      now: () => new Date().toISOString(),
      // Each object is looked at, and then what each event names, which is about as many.
      onProgress: () => onProgress(Math.min(++looked, 2 * total), 2 * total),
    }
    return await (sweep ? sweepOrphans(asked) : balance(asked))
  } finally {
    await store.close()
  }
}
