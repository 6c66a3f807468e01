import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from './bundle.ts'

const beginning = 'importing-'

/** What an import puts into the log: it is there from before the first event until after the last, and the same when the import goes on. */
export const preparedIn = (dataDir: string, { events }: Pick<Manifest, 'events'>): string =>
  join(dataDir, `${beginning}${events.slice(0, 16)}.ndjson.gz`)

/** Throws where the import of a facility was broken off: what is there is a part of it. */
export function refuseHalfImported(dataDir: string): void {
  if (existsSync(dataDir) && readdirSync(dataDir).some((name) => name.startsWith(beginning)))
    throw new Error(
      `An import of a facility into ${dataDir} was broken off: run facility:import again before anything is started`,
    )
}
