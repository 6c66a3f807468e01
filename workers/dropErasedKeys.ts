import { splitStream, streamOf } from '../domain/decider.ts'
import * as UserKey from '../domain/userKey.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { StreamGone } from '../ops/platform/eventStoreErrors.ts'
import type { Log } from '../ops/platform/log.ts'
import type { Reaction } from './reactions.ts'

/**
 * Has the event store drop the keys of those who were erased from its files, so that no backup to come holds one. One scavenge is for all whose
 * keys were gone when it began.
 * @param scavenge resolves when the store has dropped what nobody can read any more
 */
export function dropErasedKeys(options: { store: EventStore; scavenge: () => Promise<unknown>; log: Log }): Reaction {
  const { store, scavenge, log } = options
  let droppedBefore = -1n

  async function isScavenged(): Promise<boolean> {
    try {
      await scavenge()
      return true
    } catch (error) {
      // One that is running already began before the key was gone: to be tried again, as whatever else may pass.
      if ((error as { type?: string }).type !== 'access-denied') throw error
      log.warn('erased keys stay in the files of the event store until somebody who may scavenges it')
      return false
    }
  }

  return {
    name: 'drop_erased_keys',
    to: { category: 'user', types: ['UserErased'] },
    react: async ({ stream, position }) => {
      if (position < droppedBefore) return
      if (await hasKey(store, splitStream(stream)[1])) throw new Error('the key of one who was erased is still there')
      const head = (await store.head()) ?? position
      if (await isScavenged()) droppedBefore = head
    },
  }
}

const hasKey = (store: EventStore, userId: string): Promise<boolean> =>
  store.read(streamOf(UserKey, userId)).then(
    (events) => events.length > 0,
    (error: unknown) => {
      if (error instanceof StreamGone) return false
      throw error
    },
  )
