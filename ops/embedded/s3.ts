import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { tieToOwner } from './launch.ts'
import { endLeftover } from './leftovers.ts'
import { onFreePort } from './ports.ts'
import type { Served, Site } from './site.ts'
import { supervise } from './supervisor.ts'
import { programOf } from './program.ts'

const NAME = 's3'
const READY_WITHIN_MS = 30_000

/** S3 for objects in `DATA_DIR/s3`, one process, region us-east-1, path style. Resolves when it listens. */
export async function startS3(site: Site, keys: { accessKey: string; secretKey: string }): Promise<Served> {
  await endLeftover(site.dataDir, NAME, site.log)
  const directory = path.join(site.dataDir, 's3')
  mkdirSync(directory, { recursive: true, mode: 0o700 })

  return onFreePort(async (port) => {
    const program = {
      name: NAME,
      dataDir: site.dataDir,
      ...tieToOwner(site.launch, programOf('ops/embedded/s3/main.ts')),
      ready: 'announced' as const,
      readyWithinMs: READY_WITHIN_MS,
      input: JSON.stringify({ port, directory, ...keys }),
    }
    return { server: await supervise(program, site.log), address: `http://127.0.0.1:${port}` }
  })
}
