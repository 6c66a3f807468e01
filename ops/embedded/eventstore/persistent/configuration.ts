import { streamBackwards, visible } from '../streams/cursors.ts'
import type { GroupEntry } from './group.ts'
import { CONFIGURATION } from './names.ts'
import { appendOwn, jsonEvent } from './writing.ts'
import type { Store } from './writing.ts'

const KEPT = 10

interface Stored {
  version: 1
  updated: string
  updatedBy: string
  entries: GroupEntry[]
}

/** What groups there are: the last event of the configuration stream says it. One that cannot be read is passed over, loudly. */
export function storedGroups(store: Store): GroupEntry[] {
  const seen = visible(store, CONFIGURATION)
  if (!seen) return []
  for (const { data, revision } of streamBackwards(store, seen, seen.last)) {
    try {
      const { version, entries } = JSON.parse(data.toString('utf8')) as Stored
      if (version === 1) return entries
      console.error(`${CONFIGURATION}@${revision} has version ${version}; this program reads version 1`)
    } catch (error) {
      console.error(`${CONFIGURATION}@${revision} cannot be read: ${(error as Error).message}`)
    }
  }
  return []
}

/** Resolves when it is durable. */
export function storeGroups(store: Store, entries: GroupEntry[], updatedBy: string): Promise<void> {
  const stored: Stored = { version: 1, updated: new Date().toISOString(), updatedBy, entries }
  return appendOwn(store, CONFIGURATION, jsonEvent('$PersistentConfig', JSON.stringify(stored)), KEPT)
}
