import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { streamOf } from '../../domain/decider.ts'
import * as NameKey from '../../domain/nameKey.ts'
import type { Config } from '../platform/config.ts'
import type { EventStore } from '../platform/eventStore.ts'
import { fingerprintOf } from '../platform/sealing.ts'

/**
 * Throws WrongMasterKey where DATA_ENCRYPTION_KEY does not open the log: whoever went on could read nothing, and would seal what nobody else can. A log that
 * holds no key yet takes any.
 */
export async function opensItsLog(store: EventStore): Promise<void> {
  const [newest] = await store.read(streamOf(NameKey, 'system'), { direction: 'backwards', max: 1 })
  if (newest) store.sealing.rewrapped(newest.data['wrapped'] as string)
}

/** Throws where a server that runs on this folder seals with another key than this: it would be left with what it cannot open. */
export function refuseAnotherThanServed({ DATA_DIR, DATA_ENCRYPTION_KEY }: Config): void {
  const served = servedWith(DATA_DIR)
  if (served !== undefined && served !== fingerprintOf(DATA_ENCRYPTION_KEY))
    throw new Error(
      'The server that runs on this folder has another DATA_ENCRYPTION_KEY: start it with the new one first, and give this command the same environment',
    )
}

/** The fingerprint of its key; undefined where none runs. */
function servedWith(dataDir: string): string | undefined {
  try {
    const { pid, key } = JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')) as { pid: number; key?: string }
    process.kill(pid, 0)
    return key
  } catch {
    return undefined
  }
}
