import { projections } from '../../projections/all.ts'
import { makeAdmin } from '../admins/making.ts'
import { programOf } from '../embedded/program.ts'
import { createLifecycle } from '../platform/lifecycle.ts'
import { createLog } from '../platform/log.ts'
import { serveApi } from '../roles/api.ts'
import { openConnections } from '../roles/connections.ts'
import { attachedConfig } from '../roles/environment.ts'
import { runProjections } from '../roles/projections.ts'
import { openDoor } from '../server/door.ts'
import { nextVersions } from './swap/nextVersions.ts'

/** How to be served by it. */
export interface Ready {
  url: string
  email: string
  password: string
}

// The API and the projections on a running installation, as `npm start` runs them: `serve.ts DATA_DIR`. No workers: the recordings of a
// generated log are not there. On SIGUSR2 its projections become
// those of the release of tomorrow, as they would when it is started instead of this one.
const [dataDir = ''] = process.argv.slice(2)
const config = attachedConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'warn', TRUST_PROXY: '1', RATE_LIMIT_PER_MINUTE: '0' })!
const log = createLog('warn')
const lifecycle = createLifecycle({ log })
const door = await openDoor('127.0.0.1:0', false, log)
const connections = await openConnections(config, log, lifecycle)
const today = createLifecycle({ log })
runProjections({ ...connections, lifecycle: today })
await serveApi(connections, door)

// Whoever is started compiled looks nothing up when it begins to build.
const buildNext = programOf('ops/bench/swap/buildNext.ts')
process.on('SIGUSR2', () => {
  void today.stop('a new release').then(() =>
    runProjections(connections, {
      shown: nextVersions,
      former: projections,
      program: buildNext,
    }),
  )
})
process.on(
  'SIGTERM',
  () =>
    void today
      .stop('over')
      .then(() => lifecycle.stop('over'))
      .then(() => process.exit(0)),
)
const wanted = { email: `bench-${process.pid}@xylolabs.local`, name: 'Bench', mustChangePassword: false }
const { email, password } = await makeAdmin(config, wanted)
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${door.port}`, email, password })}\n`)
