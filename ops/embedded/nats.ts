import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { connect } from 'nats'
import { succeeds, tieToOwner } from './launch.ts'
import { endLeftover } from './leftovers.ts'
import { onFreePort } from './ports.ts'
import type { Served, Site } from './site.ts'
import { supervise } from './supervisor.ts'

const NAME = 'nats'
const READY_WITHIN_MS = 30_000

/** NATS with JetStream, its store in `DATA_DIR/nats`. The address carries the token: `nats://TOKEN@127.0.0.1:PORT`. */
export async function startNats(site: Site, token: string, binary: string | undefined): Promise<Served> {
  const server = binary ?? (await installedNats())
  await endLeftover(site.dataDir, NAME, site.log)
  const store = path.join(site.dataDir, 'nats')
  const config = path.join(site.dataDir, 'nats.conf')
  mkdirSync(store, { recursive: true, mode: 0o700 })

  return onFreePort(async (port) => {
    // In a file that only its owner can read: a command line is open to every user of the machine.
    writeFileSync(config, `authorization { token: ${JSON.stringify(token)} }\n`, { mode: 0o600 })
    const listen = ['-a', '127.0.0.1', '-p', String(port)]
    const program = {
      name: NAME,
      dataDir: site.dataDir,
      ...tieToOwner(site.launch, [server, '-c', config, ...listen, '-js', '-sd', store]),
      ready: () => answers(port, token),
      readyWithinMs: READY_WITHIN_MS,
    }
    return {
      server: await supervise(program, site.log),
      address: `nats://${encodeURIComponent(token)}@127.0.0.1:${port}`,
    }
  })
}

async function answers(port: number, token: string): Promise<void> {
  const connection = await connect({ servers: `127.0.0.1:${port}`, token, timeout: 1_000, reconnect: false })
  try {
    await (await connection.jetstreamManager()).getAccountInfo()
  } finally {
    await connection.close()
  }
}

async function installedNats(): Promise<string> {
  // Debian puts it in /usr/sbin, which is not on every user's PATH.
  for (const candidate of ['nats-server', '/usr/sbin/nats-server', '/usr/local/bin/nats-server']) {
    if (await succeeds([candidate, '--version'])) return candidate
  }
  throw new Error('nats-server is not installed: run `node ops/prepare.mjs`, or set NATS_SERVER_PATH or NATS_URL')
}
