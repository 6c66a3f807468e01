import { availableParallelism } from 'node:os'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { apiKeys as apiKeyCommands } from '../../commands/apiKeys.ts'
import { auth } from '../../commands/auth.ts'
import { devices as deviceCommands } from '../../commands/devices.ts'
import { facilities as facilityCommands } from '../../commands/facilities.ts'
import { firmware as firmwareCommands } from '../../commands/firmware.ts'
import { firmwareActivation } from '../../commands/firmwareActivation.ts'
import { firmwareKeys as firmwareKeyCommands } from '../../commands/firmwareKeys.ts'
import { firmwareUpload } from '../../commands/firmwareUpload.ts'
import { gpuServers as gpuServerCommands } from '../../commands/gpuServers.ts'
import { heartbeats } from '../../commands/heartbeats.ts'
import { firmwareChecks } from '../../commands/firmwareChecks.ts'
import { firmwareImages } from '../../commands/firmwareImages.ts'
import { firmwareReports } from '../../commands/firmwareReports.ts'
import { ensureFirstAdmin } from '../../commands/firstAdmin.ts'
import { load } from '../../commands/handle.ts'
import { accessRefusals, recordRefusals } from '../../commands/refusals.ts'
import { Refusal } from '../../domain/refusal.ts'
import { inferenceJobs as inferenceJobCommands } from '../../commands/inferenceJobs.ts'
import { projections as projectionCommands } from '../../commands/projections.ts'
import { discovery, path as resumablePath, resumableUploads } from '../../commands/resumable.ts'
import { recordings } from '../../commands/recordings.ts'
import { rollouts as rolloutCommands } from '../../commands/rollouts.ts'
import { heeding } from '../../commands/rolloutFleet.ts'
import { rolloutSimulation } from '../../commands/rolloutSimulation.ts'
import { settings } from '../../commands/settings.ts'
import { transcodeJobs as transcodeJobCommands } from '../../commands/transcodeJobs.ts'
import { tags as tagCommands } from '../../commands/tags.ts'
import { uploads as uploadCommands } from '../../commands/uploads.ts'
import { users as userCommands } from '../../commands/users.ts'
import * as ApiKey from '../../domain/apiKey.ts'
import * as Device from '../../domain/device.ts'
import * as DeviceFirmware from '../../domain/deviceFirmware.ts'
import { personalFields, personalFieldsOf } from '../../domain/events.ts'
import * as Facility from '../../domain/facility.ts'
import * as FirmwareChannel from '../../domain/firmwareChannel.ts'
import * as FirmwareRelease from '../../domain/firmwareRelease.ts'
import { reaches } from '../../domain/firmwareRollout.ts'
import * as Session from '../../domain/session.ts'
import * as User from '../../domain/user.ts'
import { isWanted, projections } from '../../projections/all.ts'
import { foldRow } from '../../projections/engine/fold.ts'
import { readOrders } from '../../projections/engine/orders.ts'
import { type AnyProjection, type Projection, tableOf } from '../../projections/engine/projection.ts'
import { retired } from '../../projections/retired/all.ts'
import { apiKeys } from '../../read-api/apiKeys.ts'
import { audit, type AuditDeps } from '../../read-api/audit.ts'
import { deviceFirmware } from '../../read-api/deviceFirmware.ts'
import { devices } from '../../read-api/devices.ts'
import { events } from '../../read-api/events.ts'
import { facilities } from '../../read-api/facilities.ts'
import { firmware } from '../../read-api/firmware.ts'
import { firmwareChannels } from '../../read-api/firmwareChannels.ts'
import { firmwareKeys } from '../../read-api/firmwareKeys.ts'
import { firmwareRollouts } from '../../read-api/firmwareRollouts.ts'
import { fleetOf } from '../../read-api/fleet.ts'
import type { ResourceDeps } from '../../read-api/folding.ts'
import { gpuServers } from '../../read-api/gpuServers.ts'
import { type Freshness, listenForPositions } from '../../read-api/freshness.ts'
import { inferenceJobs } from '../../read-api/inferenceJobs.ts'
import { lineage } from '../../read-api/lineage.ts'
import { playback } from '../../read-api/playback.ts'
import { projectionDiff } from '../../read-api/projectionDiff.ts'
import { refusals as refusalTrail } from '../../read-api/refusals.ts'
import { projections as projectionStatus } from '../../read-api/projections.ts'
import { stats } from '../../read-api/stats.ts'
import { tags } from '../../read-api/tags.ts'
import { transcodeJobs } from '../../read-api/transcodeJobs.ts'
import { uploads } from '../../read-api/uploads.ts'
import { users } from '../../read-api/users.ts'
import type { Config } from '../platform/config.ts'
import { lookTwice } from '../../workers/gpuProbe.ts'
import { modelNamed, models } from '../../workers/models/catalogue.ts'
import type { EventStore } from '../platform/eventStore.ts'
import { incomingIn } from '../platform/incoming.ts'
import { connectLocks } from '../platform/locks.ts'
import { createLoginThrottle } from '../platform/loginThrottle.ts'
import { nearby } from '../platform/objectCache.ts'
import { createPasswords } from '../platform/passwords.ts'
import { keepPresence } from '../platform/presence.ts'
import { root } from '../platform/root.ts'
import type { Route } from '../platform/route.ts'
import { createTokens } from '../platform/tokens.ts'
import { compareVersions } from '../projections/comparing.ts'
import { followEndings } from '../server/admission.ts'
import { createApp } from '../server/app.ts'
import { authentication } from '../server/authentication.ts'
import { type Dashboard, mountDashboards } from '../server/dashboards.ts'
import { mountDocs } from '../server/docs.ts'
import type { Door } from '../server/door.ts'
import { followStreams } from '../server/followed.ts'
import { mountHealth } from '../server/health.ts'
import { createKeyring } from '../server/keyring.ts'
import { missingObjects, mountMetrics, requestDurations } from '../server/metrics.ts'
import { described } from '../server/openapi.ts'
import { createPlaybackLinks } from '../server/playbackLinks.ts'
import { rateLimit } from '../server/rateLimit.ts'
import type { Connections } from './connections.ts'
import { failedJobsIn } from './failedJobs.ts'
import { liveOver } from './live.ts'
import { type Measured, measureJobs, measurePasswords } from './measured.ts'
import { openSessionsIn } from './openSessions.ts'
import { probing } from './inference.ts'
import { settingsOf } from './settings.ts'

const toleratedStandstillMs = 10_000
/** Of each statement of a comparison that is asked for by HTTP. */
const comparingMs = 15_000

const now = () => new Date().toISOString()

/** How every version that this release can fold makes its rows, without what operators have it pass over. */
export const foldings =
  (store: EventStore, known: readonly AnyProjection[] = [...projections, ...retired]): ResourceDeps['foldingOf'] =>
  async (readModel, version) => {
    const projection = known.find((one) => one.name === readModel && one.version === version)
    if (!projection) return undefined
    const { skipped } = await readOrders(store, [projection])
    return {
      table: tableOf(projection),
      isSkipped: (position) => skipped(readModel, position),
      fold: (id, events) => foldRow(projection as Projection, id, events),
    }
  }

/** Opens the personal fields of events that were kept as stored. */
const opener =
  (store: EventStore): AuditDeps['opened'] =>
  async (stored) => {
    const personal = personalFields(stored)
    return personal ? store.sealing.open(personal[0], stored.type, stored.data, personal[1]) : stored.data
  }

/** Passwords that are hashed at once: each takes 19 MiB meanwhile. */
export const mostHashes = 4

/** The HTTP API over open connections; resolves once requests are answered. */
export async function serveApi(connections: Connections, door: Door, measuring?: Measured): Promise<void> {
  const { config, store, database, bus, objects, log, lifecycle } = connections
  const signal = lifecycle.stopping
  const passwords = await createPasswords(Math.min(mostHashes, availableParallelism()))
  lifecycle.onStop('passwords', () => passwords.close())
  const freshness = listenForPositions({ databaseUrl: config.DATABASE_URL, log, signal })
  const { metrics, watch } = measuring ?? {}
  watch?.(freshness)
  if (metrics) measurePasswords(passwords, metrics)
  if (metrics) measureJobs(database, metrics)
  const accessSecs = config.JWT_ACCESS_TTL_SECS
  const tokens = createTokens(config, { accessSecs, refreshSecs: config.JWT_REFRESH_TTL_SECS })
  const admission = followEndings({ store, accessSecs, log, signal })
  const deciders = [ApiKey, Device, DeviceFirmware, Facility, FirmwareChannel, FirmwareRelease, Session, User]
  const followed = followStreams({ store, deciders, log, signal })
  const links = createPlaybackLinks(config, followed)
  const presence = keepPresence({ database, log })
  lifecycle.onStop('followers', () => Promise.all([admission.done, followed.done, freshness.done, presence.close()]))

  const foldingOf = foldings(store)
  const maxBytes = config.UPLOAD_MAX_SIZE
  const deps = { store, now, passwords, tokens, database, objects, freshness, foldingOf, maxBytes }
  const throttle = createLoginThrottle()
  const refusals = recordRefusals({ store, now, log })
  lifecycle.onStop('refusals', () => refusals.close())
  const openSessionsOf = openSessionsIn(database)
  const locks = connectLocks({ databaseUrl: config.DATABASE_URL, log, signal })
  lifecycle.onStop('locks', () => locks.close())
  const images = await nearby({
    objects,
    directory: join(config.DATA_DIR, 'firmware-images'),
    maxBytes: config.FIRMWARE_CACHE_SIZE,
    log,
  })
  const routes: Route[] = [
    ...auth({ ...deps, openSessionsOf, throttle, refusals, refreshes: admission.refreshes }),
    ...facilityCommands(deps),
    ...userCommands({ ...deps, openSessionsOf }),
    ...apiKeyCommands(deps),
    ...deviceCommands(deps),
    ...heartbeats({ ...deps, presence, firmwareOf: (deviceId) => followed.state(DeviceFirmware, deviceId) }),
    ...firmwareChecks({ ...deps, find: followed.state }),
    ...firmwareReports({ ...deps, find: followed.state, refreshed: followed.refreshed }),
    ...firmwareImages({ find: followed.state, refreshed: followed.refreshed, images }),
    // Before what takes any word in their place for the id of a release.
    ...rolloutSimulation({ ...deps, fleetOf: (scope) => fleetOf(database, scope) }),
    ...rolloutCommands(deps),
    ...firmwareRollouts({
      ...deps,
      reaches,
      heeding: (scope, fleet) => heeding(store, scope, fleet),
    }),
    ...uploadCommands(deps),
    ...transcodeJobCommands({
      ...deps,
      fixed: settingsOf(config),
      failedJobs: failedJobsIn(database, 'transcode_jobs'),
    }),
    ...inferenceJobCommands({ ...deps, models, failedJobs: failedJobsIn(database, 'inference_jobs') }),
    ...resumableUploads({ ...deps, incoming: incomingIn(objects), locks, expiryMs: config.UPLOAD_EXPIRY_SECS * 1000 }),
    ...recordings(deps),
    ...gpuServerCommands({ ...deps, look: lookTwice(probing(store)) }),
    ...tagCommands(deps),
    firmwareUpload({ ...deps, maxBytes: config.FIRMWARE_MAX_SIZE }),
    ...firmwareKeyCommands(deps),
    ...firmwareActivation(deps),
    ...firmwareCommands(deps),
    ...projectionCommands({ ...deps, isWanted }),
    ...settings({ ...deps, fixed: settingsOf(config) }),
    ...facilities(deps),
    ...users(deps),
    ...apiKeys(deps),
    ...devices(deps),
    ...deviceFirmware(deps),
    ...uploads(deps),
    ...playback({ ...deps, sign: links.sign }),
    lineage(deps),
    stats(deps),
    liveOver(connections, freshness),
    ...tags(deps),
    // What is fixed comes before what is named: `/firmware/keys` is no release.
    ...firmwareChannels(deps),
    ...firmwareKeys(deps),
    ...firmware(deps),
    ...transcodeJobs(deps),
    ...inferenceJobs({ ...deps, needsServer: (model) => modelNamed(model)?.needsServer ?? false }),
    ...gpuServers(deps),
    ...audit({ database, opened: opener(store) }),
    ...refusalTrail(deps),
    ...events({ ...deps, personalFieldsOf }),
    ...projectionStatus(deps),
    ...projectionDiff((...asked) =>
      compareVersions({ databaseUrl: config.DATABASE_URL, store, timeoutMs: comparingMs }, ...asked),
    ),
  ]
  const app = createApp({
    routes: described(routes),
    authenticate: authentication({
      tokens,
      admission,
      keyring: createKeyring(followed, presence.used),
      mustChangePassword: async (userId) => {
        const { state } = await load(store, User, userId)
        return 'must_change_password' in state && state.must_change_password
      },
    }),
    signedBy: ({ params, query }) => {
      const [upload_id, format] = [String(params['id']).toLowerCase(), String(query['format'] ?? 'webm')]
      return links.callerOf(String(query['token']), { upload_id, format })
    },
    onForbidden: accessRefusals(refusals, store, now),
    freshness,
    digest: (text) => store.sealing.digest(text),
    corsOrigins: config.CORS_ALLOWED_ORIGINS,
    trustProxy: config.TRUST_PROXY,
    discoveries: [{ path: resumablePath, headers: discovery(maxBytes) }],
    limit: rateLimit(config.RATE_LIMIT_PER_MINUTE),
    log,
    ...(metrics && { measure: requestDurations(metrics), onObjectMissing: missingObjects(metrics) }),
    mount: (app) => {
      if (metrics && config.METRICS_TOKEN !== undefined) mountMetrics(app, metrics, config.METRICS_TOKEN)
      mountHealth(
        app,
        {
          event_store: async () => void (await store.head()),
          postgres: async () => void (await database.query('select 1')),
          nats: async () => void (await bus.connection.flush()),
          s3: () => objects.ping(),
          sessions: async () => {
            if (!admission.isCurrent()) throw new Error('ended sessions are not heard of')
          },
          keys: async () => {
            if (!followed.isCurrent()) throw new Error('revoked keys are not heard of')
          },
          projections: () => projectionsKeepUp(store, freshness),
        },
        log,
      )
      mountDocs(app, join(root, 'docs-site/dist'))
      mountDashboards(app, dashboardsOf(config))
    },
  })
  await makeFirstAdmin(connections, passwords)
  await Promise.all([admission.ready, followed.ready])
  door.open(app)
}

const dashboardsOf = (config: Config): Dashboard[] => [
  {
    ...{ name: 'admin', prefix: '/admin/', builtBy: 'npm run build:web' },
    ...{ directory: config.STATIC_DIR, hosts: config.ADMIN_HOSTS },
  },
  {
    ...{ name: 'operator', prefix: '/app/', builtBy: 'npm run build:web' },
    ...{ directory: config.STATIC_DIR_APP, hosts: config.APP_HOSTS },
  },
]

/** The live group may be behind, but not stand still; projections that are stopped are named. */
async function projectionsKeepUp(
  store: EventStore,
  freshness: Freshness,
): Promise<{ stopped: readonly string[] } | undefined> {
  const head = await store.head()
  const behind = head !== undefined && (freshness.position() ?? -1n) < head
  if (behind && freshness.silentMs() > toleratedStandstillMs)
    throw new Error('the read models stand still behind the log')
  const stopped = freshness.stopped()
  return stopped.length > 0 ? { stopped } : undefined
}

/** Kept in a file only when nobody has given the credentials. */
async function makeFirstAdmin(
  { config, store, log }: Connections,
  passwords: Awaited<ReturnType<typeof createPasswords>>,
) {
  const file = join(config.DATA_DIR, 'bootstrap-credentials.txt')
  const [email, password] = [config.INITIAL_ADMIN_EMAIL, config.INITIAL_ADMIN_PASSWORD]
  const keep = async () => {
    if (!config.generatedAdmin) return
    await writeFile(file, `email: ${email}\npassword: ${password}\n`, { mode: 0o600, flush: true })
  }
  const discard = async () => {
    if (config.generatedAdmin) await rm(file, { force: true })
  }
  const made = await ensureFirstAdmin({ store, passwords, now }, { email, password, keep, discard }).catch(
    async (error: unknown) => {
      if (!(error instanceof Refusal) || error.code !== 'email-taken') throw error
      await discard()
      throw new Error(`INITIAL_ADMIN_EMAIL (${email}) is the address of somebody else: name another one`, {
        cause: error,
      })
    },
  )
  if (made) log.info({ email, file: config.generatedAdmin ? file : undefined }, 'made the first super_admin')
}
