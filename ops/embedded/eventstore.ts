import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { ensureCertificate } from './certificate.ts'
import { tieToOwner } from './launch.ts'
import { endLeftover } from './leftovers.ts'
import { onFreePort } from './ports.ts'
import type { Served, Site } from './site.ts'
import { supervise } from './supervisor.ts'
import { programOf } from './program.ts'

const NAME = 'eventstore'
const READY_WITHIN_MS = 60_000

/**
 * The event store that speaks EventStoreDB's protocol, its log in `DATA_DIR/eventstore`. On loopback too it speaks TLS, with a
 * certificate of its own: without TLS the official client leaves its credentials out.
 */
export async function startEventStore(
  site: Site,
  { user, password }: { user: string; password: string },
): Promise<Served> {
  await endLeftover(site.dataDir, NAME, site.log)
  const folder = path.join(site.dataDir, 'eventstore')
  mkdirSync(folder, { recursive: true, mode: 0o700 })

  const certificate = path.join(site.dataDir, 'eventstore.crt')
  const key = path.join(site.dataDir, 'eventstore.key')
  await ensureCertificate(certificate, key)

  return onFreePort(async (port) => {
    const args = [
      '--port',
      String(port),
      '--dir',
      folder,
      '--user',
      user,
      '--password',
      '-',
      '--cert',
      certificate,
      '--key',
      key,
    ]
    const program = {
      name: NAME,
      dataDir: site.dataDir,
      ...tieToOwner(site.launch, programOf('ops/embedded/eventstore/main.ts', ...args)),
      ready: 'announced' as const,
      readyWithinMs: READY_WITHIN_MS,
      input: password,
    }
    // By name, because TLS does not allow an address where it says which server is meant, and Node warns of it.
    const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
    return {
      server: await supervise(program, site.log),
      address: `esdb://${login}@localhost:${port}?tls=true&tlsCAFile=${encodeURIComponent(certificate)}`,
    }
  })
}
