import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import type { Recorded } from '../../ops/platform/eventStore.ts'
import { projections } from '../../projections/all.ts'
import { apiKeys } from '../../projections/apiKeys.ts'
import { deviceFirmware } from '../../projections/deviceFirmware.ts'
import { devices } from '../../projections/devices.ts'
import { foldBatch, foldRow, type Row } from '../../projections/engine/fold.ts'
import { type AnyProjection, isAppendOnly, type Projection, tableOf } from '../../projections/engine/projection.ts'
import { facilities } from '../../projections/facilities.ts'
import { firmwareChannels } from '../../projections/firmwareChannels.ts'
import { firmwareChannelsV1 } from '../../projections/retired/firmwareChannels.v1.ts'
import { firmwareRolloutsV1 } from '../../projections/retired/firmwareRollouts.v1.ts'
import { firmwareKeys } from '../../projections/firmwareKeys.ts'
import { firmwareReleases } from '../../projections/firmwareReleases.ts'
import { firmwareRolloutDevices } from '../../projections/firmwareRolloutDevices.ts'
import { firmwareRollouts } from '../../projections/firmwareRollouts.ts'
import { gpuServers } from '../../projections/gpuServers.ts'
import { inferenceJobs } from '../../projections/inferenceJobs.ts'
import { resourceEventsV2 } from '../../projections/retired/resourceEvents.v2.ts'
import { resourceEvents } from '../../projections/resourceEvents.ts'
import { sessions } from '../../projections/sessions.ts'
import { tags } from '../../projections/tags.ts'
import { transcodeJobs } from '../../projections/transcodeJobs.ts'
import { uploads } from '../../projections/uploads.ts'
import { users } from '../../projections/users.ts'
import { frozen } from '../domain/frozen.ts'

const at = '2026-11-24T09:00:00.000Z'
const later = '2026-11-24T10:00:00.000Z'
const id = (n: number) => `0b1c2d3e-0000-4000-8000-${String(n).padStart(12, '0')}`

type Event = [stream: string, type: string, data: Record<string, unknown>, more?: Partial<Recorded>]

/** As they come from the log, in this order. */
const recorded = (events: readonly Event[]): Recorded[] =>
  events.map(([stream, type, data, more], i) =>
    frozen({
      id: id(900 + i),
      stream,
      type,
      revision: i,
      position: 9_007_199_254_740_993n + BigInt(i),
      data,
      metadata: { schema: 1 },
      ...more,
    }),
  )

type Rows = ReadonlyMap<string, Row>

/** Folds a batch over rows as stored. Rows and events are frozen: a fold that changed one in place would throw. */
async function fold(projection: AnyProjection, events: readonly Event[], stored: Rows = new Map()) {
  const loads: (readonly string[])[] = []
  const changes = await foldBatch(projection, recorded(events), (ids) => {
    loads.push(ids)
    return Promise.resolve(new Map(ids.flatMap((id) => (stored.has(id) ? [[id, stored.get(id)!]] : []))))
  })
  return { ...changes, loads }
}

/** The rows after each batch in turn. */
async function rowsAfter(
  projection: AnyProjection,
  ...batches: readonly (readonly Event[])[]
): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>()
  for (const events of batches) {
    const { rows: changed, poison } = await fold(projection, events, rows)
    if (poison) throw poison.error
    for (const [id, row] of changed) {
      if (row) rows.set(id, frozen(row))
      else rows.delete(id)
    }
  }
  return rows
}

interface Scenario {
  projection: Projection
  promise: string
  events: Event[]
  rows: Row[]
}
const scenarios: Scenario[] = []
const promise = (projection: Projection, words: string, events: Event[], ...rows: Row[]) =>
  scenarios.push({ projection, promise: words, events, rows })

// --- facilities
const facility = `facility-${id(1)}`
const registered: Event = [facility, 'FacilityRegistered', { name: 'Incheon', code: 'ICN-1', registered_at: at }]
const facilityRow = {
  id: id(1),
  name: 'Incheon',
  code: 'ICN-1',
  timezone: null,
  address: null,
  status: 'active',
  created_at: at,
}
promise(facilities, 'shows a facility, with null for what is not known', [registered], facilityRow)
promise(
  facilities,
  'shows its name and details as they are by now',
  [
    registered,
    [facility, 'FacilityRenamed', { name: 'Incheon works', renamed_at: later }],
    [facility, 'FacilityDetailsChanged', { timezone: 'Asia/Seoul', changed_at: later }],
    [facility, 'FacilityDetailsChanged', { address: '1 Sea Road', changed_at: later }],
    [facility, 'FacilityDeactivated', { deactivated_at: later }],
  ],
  { ...facilityRow, name: 'Incheon works', timezone: 'Asia/Seoul', address: '1 Sea Road', status: 'inactive' },
)
promise(
  facilities,
  'shows that it was reactivated',
  [
    registered,
    [facility, 'FacilityDeactivated', { deactivated_at: later }],
    [facility, 'FacilityReactivated', { reactivated_at: later }],
  ],
  facilityRow,
)

// --- users
const user = `user-${id(2)}`
const userData = {
  email: 'ada@example.org',
  name: 'Ada',
  role: 'user',
  facility_id: id(1),
  password_hash: 'h1',
  must_change_password: true,
  registered_at: at,
}
const { password_hash: _hash, registered_at: _at, ...shownOfUser } = userData
const userRow = { id: id(2), ...shownOfUser, status: 'active', created_at: at }
const { facility_id: _facility, ...superAdmin } = { ...userData, role: 'super_admin' }
promise(users, 'shows a user without the password', [[user, 'UserRegistered', userData]], userRow)
promise(users, 'shows a super_admin of no facility', [[user, 'UserRegistered', superAdmin]], {
  ...userRow,
  role: 'super_admin',
  facility_id: null,
})
promise(
  users,
  'shows who a user is by now',
  [
    [user, 'UserRegistered', userData],
    [user, 'UserRenamed', { name: 'Ada L.', renamed_at: later }],
    [user, 'UserEmailChanged', { email: 'ada@example.net', changed_at: later }],
    [user, 'UserRoleChanged', { role: 'facility_admin', changed_at: later }],
    [user, 'UserMovedToFacility', { facility_id: id(9), moved_at: later }],
    [
      user,
      'UserPasswordChanged',
      { password_hash: 'h2', must_change_password: false, session_id: id(3), changed_at: later },
    ],
    [user, 'UserDeactivated', { deactivated_at: later }],
  ],
  {
    ...userRow,
    name: 'Ada L.',
    email: 'ada@example.net',
    role: 'facility_admin',
    facility_id: id(9),
    must_change_password: false,
    status: 'inactive',
  },
)
promise(
  users,
  'shows that a user was reactivated',
  [
    [user, 'UserRegistered', userData],
    [user, 'UserDeactivated', { deactivated_at: later }],
    [user, 'UserReactivated', { reactivated_at: later }],
  ],
  userRow,
)
promise(
  users,
  'shows nothing of who was erased',
  [
    [user, 'UserRegistered', userData],
    [user, 'UserErased', { erased_at: later }],
  ],
  { ...userRow, status: 'erased', email: '[erased]', name: '[erased]' },
)

// --- sessions
const session = `session-${id(3)}`
const sessionData = {
  user_id: id(2),
  refresh_id: id(30),
  address: '203.0.113.7',
  user_agent: 'Firefox',
  password_generation: 4,
  started_at: at,
  expires_at: later,
}
const sessionRow = {
  id: id(3),
  user_id: id(2),
  status: 'open',
  end_reason: null,
  started_at: at,
  refreshed_at: at,
  expires_at: later,
}
const refresh = { refresh_id: id(31), refreshed_at: later, expires_at: '2026-12-01T10:00:00.000Z' }
promise(
  sessions,
  'shows a session without its token and where it came from',
  [[session, 'SessionStarted', sessionData]],
  sessionRow,
)
promise(
  sessions,
  'shows until when it lasts, and why it ended',
  [
    [session, 'SessionStarted', sessionData],
    [session, 'SessionRefreshed', refresh],
    [session, 'SessionEnded', { reason: 'reuse_detected', ended_at: later }],
  ],
  {
    ...sessionRow,
    status: 'ended',
    end_reason: 'reuse_detected',
    refreshed_at: later,
    expires_at: '2026-12-01T10:00:00.000Z',
  },
)

// --- API keys
const apiKey = `apiKey-${id(4)}`
const keyData = { name: 'gate 3', facility_id: id(1), scopes: ['upload'], secret_sha256: 'aa', issued_at: at }
const keyRow = {
  id: id(4),
  name: 'gate 3',
  facility_id: id(1),
  device_id: null,
  scopes: ['upload'],
  status: 'active',
  expires_at: null,
  created_at: at,
}
promise(apiKeys, 'shows a key without its secret', [[apiKey, 'ApiKeyIssued', keyData]], keyRow)
promise(
  apiKeys,
  'shows a key of a device, its name by now, and that it was revoked',
  [
    [apiKey, 'ApiKeyIssued', { ...keyData, device_id: id(5), expires_at: later }],
    [apiKey, 'ApiKeyRenamed', { name: 'gate 4', renamed_at: later }],
    [apiKey, 'ApiKeyRotated', { secret_sha256: 'bb', previous_valid_until: later, rotated_at: later }],
    [apiKey, 'ApiKeyRevoked', { revoked_at: later }],
  ],
  { ...keyRow, name: 'gate 4', device_id: id(5), expires_at: later, status: 'revoked' },
)

// --- devices
const device = `device-${id(5)}`
const deviceRegistered: Event = [
  device,
  'DeviceRegistered',
  { facility_id: id(1), name: 'Gate 3', serial: 'XL-0003', model: 'XS-2', registered_at: at },
]
const deviceRow = {
  id: id(5),
  facility_id: id(1),
  name: 'Gate 3',
  serial: 'XL-0003',
  model: 'XS-2',
  status: 'active',
  created_at: at,
}
promise(devices, 'shows a device', [deviceRegistered], deviceRow)
promise(
  devices,
  'shows its name, where it is, and that it is out of service',
  [
    deviceRegistered,
    [device, 'DeviceRenamed', { name: 'Gate 4', renamed_at: later }],
    [device, 'DeviceMovedToFacility', { facility_id: id(9), moved_at: later }],
    [device, 'DeviceDecommissioned', { decommissioned_at: later }],
  ],
  { ...deviceRow, name: 'Gate 4', facility_id: id(9), status: 'decommissioned' },
)

// --- firmware
const release = `firmwareRelease-${id(20)}`
const releaseData = {
  ...{ device_model: 'xs-1', version: '1.2.0', object_key: 'firmware/k1', file_name: 'xs.bin' },
  ...{ size_bytes: 9, sha256: 'ab' },
}
const releaseUploaded: Event = [release, 'FirmwareReleaseUploaded', { ...releaseData, uploaded_at: at }]
const releaseRow = {
  ...{ id: id(20), ...releaseData, facility_id: null, status: 'draft', is_active: false, notes: null },
  ...{ min_version: null, security_version: null, signature: null, key_id: null },
  ...{ withdrawal_reason: null, created_at: at },
}
const signedRelease = {
  ...{ facility_id: id(1), notes: 'quiet', min_version: '1.0.0', security_version: 2 },
  ...{ signature: 'c2ln', key_id: id(23) },
}
const channel = `firmwareChannel-${id(22)}`
const ofChannel = { device_model: 'xs-1', facility_id: id(1) }
const image = { release_id: id(20), version: '1.2.0', security_version: 2 }
const newer = { release_id: id(21), version: '1.3.0' }
const told = (type: string, data: object): Event => [channel, type, { ...ofChannel, ...data }]
const imageActivated = told('FirmwareActivated', { ...image, activated_at: at })
const newerActivated = told('FirmwareActivated', { ...newer, previous_release_id: id(20), activated_at: later })
const rolledBackTo = told('FirmwareRolledBack', {
  ...{ ...image, previous_release_id: id(21), reason: 'deaf', rolled_back_at: later },
})
const rolloutStarted = told('FirmwareRolloutStarted', { ...newer, rollout_id: id(24), percent: 5, started_at: later })
const rolloutCompleted = told('FirmwareRolloutCompleted', {
  ...{ ...newer, rollout_id: id(24), previous_release_id: id(20), completed_at: later },
})
const barredRelease = told('FirmwareReleaseBarred', {
  ...{ release_id: id(20), was_active: true, reason: 'deaf', barred_at: later },
})
const imageDeactivated = told('FirmwareDeactivated', { release_id: id(20), deactivated_at: later })
promise(firmwareReleases, 'shows a release, with null for what is not known', [releaseUploaded], releaseRow)
promise(
  firmwareReleases,
  'shows what came with it, its notes by now, and that it is published',
  [
    [release, 'FirmwareReleaseUploaded', { ...releaseData, ...signedRelease, uploaded_at: at }],
    [release, 'FirmwareReleaseNotesChanged', { notes: 'quieter', changed_at: later }],
    [release, 'FirmwareReleasePublished', { published_at: later }],
  ],
  { ...releaseRow, ...signedRelease, notes: 'quieter', status: 'published' },
)
const newerUploaded: Event = [
  `firmwareRelease-${id(21)}`,
  'FirmwareReleaseUploaded',
  { ...releaseData, version: '1.3.0', uploaded_at: at },
]
const newerRow = { ...releaseRow, id: id(21), version: '1.3.0' }
const both = [releaseUploaded, newerUploaded]
promise(
  firmwareReleases,
  'shows one as active at a time, as its channel says',
  [...both, imageActivated, newerActivated],
  releaseRow,
  { ...newerRow, is_active: true },
)
promise(
  firmwareReleases,
  'shows what was gone back to as active',
  [...both, imageActivated, newerActivated, rolledBackTo],
  { ...releaseRow, is_active: true },
  newerRow,
)
promise(
  firmwareReleases,
  'shows what was rolled out as active once that is complete',
  [...both, imageActivated, rolloutStarted, rolloutCompleted],
  releaseRow,
  { ...newerRow, is_active: true },
)
promise(firmwareReleases, 'shows that it is not active any more', [releaseUploaded, imageActivated, imageDeactivated], {
  ...releaseRow,
})
promise(
  firmwareReleases,
  'shows that it was withdrawn, and why',
  [
    ...[releaseUploaded, imageActivated, barredRelease],
    [release, 'FirmwareReleaseWithdrawn', { reason: 'deaf', withdrawn_at: later }],
  ],
  { ...releaseRow, status: 'withdrawn', withdrawal_reason: 'deaf' },
)

const [v2, v3] = ['001100120010~', '001100130010~'] as const
const tells = (n: number, precedence: string) => ({ release_id: id(n), precedence })
const channelRow = {
  ...{ id: id(22), ...ofChannel, active_release_id: id(20), active_version: '1.2.0', active_by: 'activation' },
  ...{ active_since: at, security_floor: 2, rollout_id: null, created_at: at },
  ...{ active_precedence: v2, offered: [v2], activated: [v2], told: [tells(20, v2)], left_versions: [] },
}
const tellsBoth = [tells(21, v3), tells(20, v2)]
const withoutTold = ({ told: _, left_versions: __, ...row }: typeof channelRow) => row
const newerActive = { active_release_id: id(21), active_version: '1.3.0', active_precedence: v3, active_since: later }
const silent = {
  ...{ active_release_id: null, active_version: null, active_precedence: null, active_by: null, active_since: null },
}
promise(firmwareChannels, 'shows what is active, since when', [imageActivated], channelRow)
promise(
  firmwareChannels,
  'shows a channel for every facility',
  [[channel, 'FirmwareActivated', { device_model: 'xs-1', ...image, activated_at: at }]],
  { ...channelRow, facility_id: null },
)
promise(
  firmwareChannels,
  'shows the floor that was reached, not that of what is active',
  [imageActivated, newerActivated],
  { ...channelRow, ...newerActive, offered: [v2, v3], activated: [v2, v3], told: tellsBoth },
)
promise(
  firmwareChannels,
  'shows that it was rolled back, and every version once',
  [imageActivated, newerActivated, rolledBackTo],
  {
    ...channelRow,
    ...{ active_by: 'rollback', active_since: later, offered: [v2, v3], activated: [v2, v3] },
    ...{ told: [tells(20, v2), tells(21, v3)], left_versions: [v3] },
  },
)
promise(firmwareChannels, 'shows which rollout is open, and what it offers', [imageActivated, rolloutStarted], {
  ...channelRow,
  ...{ rollout_id: id(24), offered: [v2, v3], told: tellsBoth },
})
promise(firmwareChannels, 'shows what a rollout made active', [rolloutStarted, rolloutCompleted], {
  ...{ ...channelRow, ...newerActive, active_by: 'rollout' },
  ...{ security_floor: 0, created_at: later, offered: [v3], activated: [v3], told: [tells(21, v3)] },
})
promise(firmwareChannels, 'shows that nothing is active', [imageActivated, imageDeactivated], {
  ...channelRow,
  ...silent,
})
promise(firmwareChannels, 'shows that what was active was withdrawn', [imageActivated, barredRelease], {
  ...{ ...channelRow, left_versions: [v2] },
  ...silent,
})
promise(firmwareChannels, 'keeps what is active when another release was withdrawn', [newerActivated, barredRelease], {
  ...{ ...channelRow, ...newerActive, offered: [v3], activated: [v3], told: [tells(21, v3)] },
  ...{ security_floor: 0, created_at: later },
})
promise(
  firmwareChannels,
  'shows that a rollout is over once it was ended',
  [
    ...[imageActivated, rolloutStarted],
    told('FirmwareDeactivated', { release_id: id(21), rollout_id: id(24), deactivated_at: later }),
  ],
  { ...channelRow, offered: [v2, v3], told: tellsBoth },
)
promise(
  firmwareChannels,
  'does not go on to say that devices go back from what is active again',
  [imageActivated, newerActivated, rolledBackTo, told('FirmwareRolledBack', { ...newer, rolled_back_at: later })],
  {
    ...{ ...channelRow, ...newerActive, active_by: 'rollback', told: tellsBoth },
    ...{ offered: [v2, v3], activated: [v2, v3] },
  },
)
promise(
  firmwareChannels,
  'keeps an open rollout when what is active goes',
  [imageActivated, rolloutStarted, barredRelease],
  {
    ...{ ...channelRow, ...silent },
    ...{ rollout_id: id(24), offered: [v2, v3], told: tellsBoth, left_versions: [v2] },
  },
)

promise(
  firmwareChannelsV1,
  'of version 1 shows the same without what devices go back from',
  [imageActivated, newerActivated, rolledBackTo],
  {
    ...withoutTold(channelRow),
    ...{ active_by: 'rollback', active_since: later, offered: [v2, v3], activated: [v2, v3] },
  },
)

const ofFacility = `firmwareKey-${id(1)}`
const keyAdded = { key_id: id(23), facility_id: id(1), name: 'build', public_key: 'pem', added_at: at }
const signingKeyRow = {
  ...{ id: id(23), facility_id: id(1), name: 'build', public_key: 'pem', status: 'active', created_at: at },
}
promise(firmwareKeys, 'shows a key of a facility', [[ofFacility, 'FirmwareKeyAdded', keyAdded]], signingKeyRow)
promise(
  firmwareKeys,
  'shows a key for every facility, and that it was retired',
  [
    ['firmwareKey-global', 'FirmwareKeyAdded', { key_id: id(23), public_key: 'pem', added_at: at }],
    ['firmwareKey-global', 'FirmwareKeyRetired', { key_id: id(23), retired_at: later }],
  ],
  { ...signingKeyRow, facility_id: null, name: null, status: 'retired' },
)

// --- uploads
const upload = `upload-${id(6)}`
const job = `transcodeJob-${id(7)}`
const uploadData = {
  facility_id: id(1),
  file_name: 'night.wav',
  content_type: 'audio/wav',
  object_key: 'uploads/k1',
  size_bytes: 1024,
  sha256: 'ab',
}
const probe = { container: 'wav', codec: 'pcm_s16le', duration_ms: 1000, sample_rate_hz: 48_000, channels: 2 }
const uploadReceived: Event = [upload, 'UploadReceived', { ...uploadData, received_at: at }]
const uploadRow = {
  id: id(6),
  ...uploadData,
  device_id: null,
  title: null,
  notes: null,
  metadata: null,
  status: 'received',
  container: null,
  codec: null,
  duration_ms: null,
  sample_rate_hz: null,
  channels: null,
  tags: [],
  renditions: [],
  peaks: null,
  loudness_lufs: null,
  error: null,
  recorded_at: null,
  created_at: at,
  was: null,
  deleted_at: null,
  purged_at: null,
}
const ofJob = { upload_id: id(6) }
const asked = { facility_id: id(1), formats: ['opus-webm'], bitrate: 96_000 }
const renditions = [
  {
    format: 'opus-webm',
    codec: 'opus',
    bitrate: 96_000,
    size_bytes: 9,
    duration_ms: 1000,
    sha256: 'cd',
    object_key: 'uploads/k2',
  },
]
const peaks = { object_key: 'uploads/k3', samples_per_pixel: 256, length: 188 }
const jobRequested: Event = [job, 'TranscodeRequested', { ...ofJob, ...asked, requested_at: at }]
const jobStarted: Event = [job, 'TranscodeStarted', { ...ofJob, attempt: 1, worker: 'w1', started_at: later }]
const jobCompleted: Event = [
  job,
  'TranscodeCompleted',
  { ...ofJob, attempt: 1, renditions, peaks, completed_at: later },
]
const jobFailed: Event = [job, 'TranscodeFailed', { ...ofJob, reason: 'Gave up', failed_at: later }]
const jobCancelled: Event = [job, 'TranscodeCancelled', { ...ofJob, cancelled_at: later }]
const jobRetried: Event = [job, 'TranscodeRetried', { ...ofJob, retried_at: later }]
const ready = { ...uploadRow, status: 'ready', renditions, peaks }

promise(uploads, 'shows an upload, with null for what is not known', [uploadReceived], uploadRow)
promise(
  uploads,
  'shows what came with it',
  [
    [
      upload,
      'UploadReceived',
      { ...uploadData, device_id: id(5), recorded_at: at, metadata: { gain: 3 }, received_at: later },
    ],
  ],
  { ...uploadRow, device_id: id(5), recorded_at: at, metadata: { gain: 3 }, created_at: later },
)
promise(
  uploads,
  'shows what was found in it',
  [uploadReceived, [upload, 'UploadProbed', { ...probe, probed_at: later }]],
  { ...uploadRow, ...probe },
)
promise(
  uploads,
  'shows what people said of it',
  [
    uploadReceived,
    [upload, 'UploadDetailsChanged', { title: 'Night', metadata: { gain: 4 }, changed_at: later }],
    [upload, 'UploadDetailsChanged', { notes: 'wind', changed_at: later }],
    [upload, 'UploadTagged', { tag_id: id(11), tagged_at: later }],
    [upload, 'UploadTagged', { tag_id: id(12), tagged_at: later }],
    [upload, 'UploadUntagged', { tag_id: id(11), untagged_at: later }],
  ],
  { ...uploadRow, title: 'Night', notes: 'wind', metadata: { gain: 4 }, tags: [id(12)] },
)
promise(uploads, 'shows that it is being made playable', [uploadReceived, jobRequested, jobStarted], {
  ...uploadRow,
  status: 'transcoding',
})
const firstMade: Event = [
  job,
  'TranscodeRenditionMade',
  { ...ofJob, attempt: 1, rendition: renditions[0]!, made_at: later },
]
promise(
  uploads,
  'can be played as soon as one rendition is there, while the others are made',
  [uploadReceived, jobRequested, jobStarted, firstMade],
  { ...uploadRow, status: 'transcoding', renditions },
)
promise(
  uploads,
  'has each rendition once, told as it was made and again with all of them',
  [uploadReceived, jobRequested, jobStarted, firstMade, jobCompleted],
  ready,
)
promise(
  uploads,
  'has failed when its job did, though the first rendition can be played',
  [uploadReceived, jobRequested, jobStarted, firstMade, jobFailed],
  { ...uploadRow, status: 'failed', renditions, error: 'Gave up' },
)
promise(uploads, 'shows that it is ready, by its job', [uploadReceived, jobRequested, jobStarted, jobCompleted], ready)
promise(
  uploads,
  'shows how loud it is where that was measured',
  [
    uploadReceived,
    [
      job,
      'TranscodeCompleted',
      {
        ...ofJob,
        attempt: 1,
        renditions,
        peaks,
        loudness: { integrated_lufs: -23.1, true_peak_dbtp: -1 },
        completed_at: later,
      },
    ],
  ],
  { ...ready, loudness_lufs: -23.1 },
)
promise(uploads, 'shows why its job failed', [uploadReceived, jobRequested, jobFailed], {
  ...uploadRow,
  status: 'failed',
  error: 'Gave up',
})
promise(
  uploads,
  'shows no error once the job is tried again, nor when it then succeeds',
  [uploadReceived, jobRequested, jobFailed, jobRetried, jobStarted, jobCompleted],
  ready,
)
promise(uploads, 'is failed when its only job was cancelled', [uploadReceived, jobRequested, jobCancelled], {
  ...uploadRow,
  status: 'failed',
  error: 'The transcode was cancelled',
})
promise(
  uploads,
  'stays playable when a later job is cancelled',
  [uploadReceived, jobRequested, jobCompleted, jobRequested, jobCancelled],
  { ...ready, error: 'The transcode was cancelled' },
)
const rejected: Event = [upload, 'UploadRejected', { reason: 'No sound in it', rejected_at: later }]
const deleted: Event = [upload, 'UploadDeleted', { deleted_at: later }]
const jobEvents = [jobRequested, jobStarted, jobCompleted, jobFailed, jobCancelled, jobRetried]
promise(uploads, 'stays rejected, whatever its job does', [uploadReceived, rejected, ...jobEvents], {
  ...uploadRow,
  status: 'rejected',
  error: 'No sound in it',
})
const deletedRow = { status: 'deleted', deleted_at: later }
promise(uploads, 'stays deleted, whatever its job does', [uploadReceived, deleted, ...jobEvents], {
  ...ready,
  ...deletedRow,
  was: 'transcoding',
})
const restored: Event = [upload, 'UploadRestored', { restored_at: later }]
promise(
  uploads,
  'is, once restored, what its job has made of it meanwhile',
  [uploadReceived, jobRequested, deleted, jobCompleted, restored],
  ready,
)
promise(uploads, 'is rejected still, once restored', [uploadReceived, rejected, deleted, jobCompleted, restored], {
  ...uploadRow,
  status: 'rejected',
  error: 'No sound in it',
})
promise(
  uploads,
  'has nothing to play any more once its bytes are gone, whatever its job does',
  [uploadReceived, jobCompleted, deleted, [upload, 'UploadPurged', { purged_at: later }], jobCompleted],
  { ...uploadRow, ...deletedRow, was: 'ready', purged_at: later },
)
const otherJob = `transcodeJob-${id(70)}`
const louder = { ...renditions[0]!, bitrate: 128_000, object_key: 'uploads/k4' }
const mp4 = { ...louder, format: 'aac-mp4', codec: 'aac', object_key: 'uploads/k5' }
const remade = (made: object[]): Event => [
  otherJob,
  'TranscodeCompleted',
  { ...ofJob, attempt: 1, renditions: made, peaks, completed_at: later },
]
promise(uploads, 'has what each of its jobs made', [uploadReceived, jobCompleted, remade([mp4])], {
  ...ready,
  renditions: [...renditions, mp4],
})
promise(
  uploads,
  'has of each format what was made last',
  [uploadReceived, jobCompleted, remade([mp4]), remade([louder])],
  { ...ready, renditions: [mp4, louder] },
)
promise(
  uploads,
  'stays playable when a later job fails, and says why that did',
  [uploadReceived, jobRequested, jobCompleted, jobRequested, jobFailed],
  { ...ready, error: 'Gave up' },
)

// --- tags
const tag = `tag-${id(71)}`
const tagCreated: Event = [tag, 'TagCreated', { facility_id: id(1), name: 'wind', created_at: at }]
const tagRow = { id: id(71), facility_id: id(1), name: 'wind', status: 'active', created_at: at }
promise(tags, 'shows a tag', [tagCreated], tagRow)
promise(
  tags,
  'shows its name as it is by now',
  [tagCreated, [tag, 'TagRenamed', { name: 'rain', renamed_at: later }]],
  {
    ...tagRow,
    name: 'rain',
  },
)
promise(tags, 'shows that it is gone', [tagCreated, [tag, 'TagDeleted', { deleted_at: later }]], {
  ...tagRow,
  status: 'deleted',
})
promise(uploads, 'shows nothing of a job whose upload is not there', jobEvents)

// --- transcode jobs
const jobRow = {
  id: id(7),
  ...ofJob,
  ...asked,
  status: 'queued',
  attempt: 0,
  error: null,
  requested_at: at,
  started_at: null,
  finished_at: null,
}
const running = { ...jobRow, status: 'running', attempt: 1, started_at: later }
const attemptFailed: Event = [
  job,
  'TranscodeAttemptFailed',
  { ...ofJob, attempt: 1, cause: 'fault', reason: 'out of memory', failed_at: later },
]
const timedOut: Event = [job, 'TranscodeTimedOut', { ...ofJob, attempt: 1, timed_out_at: later }]
const secondStart: Event = [job, 'TranscodeStarted', { ...ofJob, attempt: 2, worker: 'w2', started_at: later }]
promise(transcodeJobs, 'shows a job that waits', [jobRequested], jobRow)
promise(transcodeJobs, 'shows a job that runs', [jobRequested, jobStarted], running)
promise(transcodeJobs, 'shows why it waits again', [jobRequested, jobStarted, attemptFailed], {
  ...running,
  status: 'queued',
  error: 'out of memory',
})
promise(transcodeJobs, 'shows that its worker went silent', [jobRequested, jobStarted, timedOut], {
  ...running,
  status: 'queued',
  error: 'The worker went silent',
})
promise(transcodeJobs, 'shows no error once it runs again', [jobRequested, jobStarted, timedOut, secondStart], {
  ...running,
  attempt: 2,
})
promise(transcodeJobs, 'shows that it succeeded', [jobRequested, jobStarted, jobCompleted], {
  ...running,
  status: 'succeeded',
  finished_at: later,
})
promise(transcodeJobs, 'shows why it failed', [jobRequested, jobStarted, jobFailed], {
  ...running,
  status: 'failed',
  error: 'Gave up',
  finished_at: later,
})
promise(transcodeJobs, 'shows that it was cancelled', [jobRequested, jobCancelled], {
  ...jobRow,
  status: 'cancelled',
  finished_at: later,
})
promise(transcodeJobs, 'shows that it waits once more', [jobRequested, jobStarted, jobFailed, jobRetried], {
  ...running,
  status: 'queued',
})

// --- inference jobs
const listening = `inferenceJob-${id(13)}`
const inferenceGiven = { ...ofJob, facility_id: id(1), model: 'silero-vad', priority: 'high' }
const inferenceRequested: Event = [listening, 'InferenceRequested', { ...inferenceGiven, requested_at: at }]
const inferenceStarted: Event = [
  listening,
  'InferenceStarted',
  { ...ofJob, attempt: 1, worker: 'w1', server_id: id(12), started_at: later },
]
const inferenceFailed: Event = [listening, 'InferenceFailed', { ...ofJob, reason: 'no sound', failed_at: later }]
const inferenceRow = {
  id: id(13),
  ...inferenceGiven,
  ...{ status: 'queued', model_version: null, params: null, rerun_of: null, server_id: null, attempt: 0 },
  ...{ error: null, result: null, stored_result: null, lineage: null },
  ...{ requested_at: at, started_at: null, finished_at: null },
}
const inferring = { ...inferenceRow, status: 'running', server_id: id(12), attempt: 1, started_at: later }
const listened = { input_sha256: 'ab', ffmpeg: ['-ac', '1'], output_sha256: 'cd' }
const inferenceCompleted = (found: object): Event => [
  listening,
  'InferenceCompleted',
  { ...ofJob, attempt: 1, model_version: '6', ...found, lineage: listened, completed_at: later },
]
const inferred = { ...inferring, status: 'succeeded', model_version: '6', lineage: listened, finished_at: later }
promise(inferenceJobs, 'shows a job that waits', [inferenceRequested], inferenceRow)
promise(inferenceJobs, 'shows where a job runs', [inferenceRequested, inferenceStarted], inferring)
promise(
  inferenceJobs,
  'shows why it waits again',
  [
    inferenceRequested,
    inferenceStarted,
    [
      listening,
      'InferenceAttemptFailed',
      { ...ofJob, attempt: 1, cause: 'server', reason: 'It answered 500', failed_at: at },
    ],
  ],
  { ...inferring, status: 'queued', error: 'It answered 500' },
)
promise(
  inferenceJobs,
  'shows that its worker went silent',
  [inferenceRequested, inferenceStarted, [listening, 'InferenceTimedOut', { ...ofJob, attempt: 1, timed_out_at: at }]],
  { ...inferring, status: 'queued', error: 'The worker went silent' },
)
promise(
  inferenceJobs,
  'shows what was found',
  [inferenceRequested, inferenceStarted, inferenceCompleted({ result: { segments: [] } })],
  { ...inferred, result: { segments: [] } },
)
promise(
  inferenceJobs,
  'shows where what was found lies',
  [
    inferenceRequested,
    inferenceStarted,
    inferenceCompleted({ stored_result: { object_key: 'k', size_bytes: 9, sha256: 'ef' } }),
  ],
  { ...inferred, stored_result: { object_key: 'k', size_bytes: 9, sha256: 'ef' } },
)
promise(inferenceJobs, 'shows why it failed', [inferenceRequested, inferenceStarted, inferenceFailed], {
  ...inferring,
  status: 'failed',
  error: 'no sound',
  finished_at: later,
})
promise(
  inferenceJobs,
  'shows that it was cancelled',
  [inferenceRequested, [listening, 'InferenceCancelled', { ...ofJob, cancelled_at: later }]],
  { ...inferenceRow, status: 'cancelled', finished_at: later },
)
promise(
  inferenceJobs,
  'shows that it waits once more, and what for',
  [
    [
      listening,
      'InferenceRequested',
      { ...inferenceGiven, model_version: '6', params: { threshold: 0.4 }, rerun_of: id(14), requested_at: at },
    ],
    inferenceFailed,
    [listening, 'InferenceRetried', { ...ofJob, model: 'silero-vad', priority: 'high', retried_at: later }],
  ],
  { ...inferenceRow, model_version: '6', params: { threshold: 0.4 }, rerun_of: id(14) },
)

// --- GPU servers
const gpu = `gpuServer-${id(12)}`
const gpuGiven = { name: 'one', url: 'http://10.0.0.9:8000', max_concurrency: 4 }
const gpuRegistered: Event = [gpu, 'GpuServerRegistered', { ...gpuGiven, sealed_token: 'box', registered_at: at }]
const gpuUp: Event[] = [
  [gpu, 'GpuServerRecovered', { recovered_at: later }],
  [gpu, 'GpuServerModelsObserved', { models: [{ name: 'silero-vad', version: '6' }], observed_at: later }],
]
const gpuDown: Event = [gpu, 'GpuServerWentDown', { reason: 'Nothing listens there', went_down_at: later }]
const gpuRow = {
  id: id(12),
  ...gpuGiven,
  has_token: true,
  status: 'enabled',
  health: 'unknown',
  health_since: null,
  reason: null,
  models: [],
  created_at: at,
}
const gpuUpRow = {
  ...gpuRow,
  health: 'up',
  health_since: later,
  models: [{ name: 'silero-vad', version: '6' }],
}
const gpuDownRow = { ...gpuRow, health: 'down', health_since: later, reason: 'Nothing listens there' }
const gpuChanged = (data: object): Event => [gpu, 'GpuServerChanged', { ...data, changed_at: later }]
promise(gpuServers, 'shows one that nobody has looked at, and nothing of its token', [gpuRegistered], gpuRow)
promise(gpuServers, 'shows one that is up, and its models', [gpuRegistered, ...gpuUp], gpuUpRow)
promise(gpuServers, 'shows why one is down, without models', [gpuRegistered, ...gpuUp, gpuDown], gpuDownRow)
promise(gpuServers, 'shows no reason once it is up again', [gpuRegistered, gpuDown, ...gpuUp], gpuUpRow)
promise(gpuServers, 'knows nothing of one that moved', [gpuRegistered, ...gpuUp, gpuChanged({ url: 'http://b' })], {
  ...gpuRow,
  url: 'http://b',
})
promise(gpuServers, 'knows as much of one that was renamed', [gpuRegistered, ...gpuUp, gpuChanged({ name: 'two' })], {
  ...gpuUpRow,
  name: 'two',
})
promise(gpuServers, 'shows that it has no token any more', [gpuRegistered, gpuChanged({ sealed_token: '' })], {
  ...gpuRow,
  has_token: false,
})
promise(gpuServers, 'shows that it is disabled', [gpuRegistered, [gpu, 'GpuServerDisabled', { disabled_at: later }]], {
  ...gpuRow,
  status: 'disabled',
})
promise(
  gpuServers,
  'shows that it is enabled',
  [gpuRegistered, [gpu, 'GpuServerDisabled', { disabled_at: later }], [gpu, 'GpuServerEnabled', { enabled_at: later }]],
  gpuRow,
)
promise(gpuServers, 'shows that it was removed', [gpuRegistered, [gpu, 'GpuServerRemoved', { removed_at: later }]], {
  ...gpuRow,
  status: 'removed',
})

// --- firmware of devices
const firmware = `deviceFirmware-${id(5)}`
const observedFirmware: Event = [firmware, 'FirmwareVersionObserved', { version: '1.9.0', observed_at: at }]
const reportedFirmware: Event = [
  firmware,
  'FirmwareInstallReported',
  {
    ...{ release_id: id(31), version: '1.10.0', device_model: 'XS-2', facility_id: id(1), outcome: 'failed' },
    ...{ kind: 'boot', detail: 'no sound', rollout_id: id(41), attempt: 1, reported_at: later },
  },
]
const unknownFirmware = {
  ...{ version: null, precedence: null, observed_at: null, release_id: null, release_version: null, outcome: null },
  ...{ kind: null, detail: null, rollout_id: null, attempt: null, reported_at: null },
}
const runningFirmware = { version: '1.9.0', precedence: '001100190010~', observed_at: at }
const lastReport = {
  ...{ release_id: id(31), release_version: '1.10.0', outcome: 'failed', kind: 'boot', detail: 'no sound' },
  ...{ rollout_id: id(41), attempt: 1, reported_at: later },
}
promise(deviceFirmware, 'shows what runs', [observedFirmware], { id: id(5), ...unknownFirmware, ...runningFirmware })
promise(deviceFirmware, 'shows what was reported before anything was observed', [reportedFirmware], {
  ...{ id: id(5), ...unknownFirmware, ...lastReport },
})
promise(
  deviceFirmware,
  'shows what runs by now, and the last report alone',
  [
    observedFirmware,
    reportedFirmware,
    [
      firmware,
      'FirmwareInstallReported',
      {
        ...{ release_id: id(32), version: '2.0.0', device_model: 'XS-2', facility_id: id(1), outcome: 'installed' },
        ...{ attempt: 3, reported_at: later },
      },
    ],
    [firmware, 'FirmwareVersionObserved', { version: 'of the factory', observed_at: later }],
  ],
  {
    ...{ id: id(5), ...unknownFirmware, version: 'of the factory', observed_at: later },
    ...{ release_id: id(32), release_version: '2.0.0', outcome: 'installed', attempt: 3, reported_at: later },
  },
)

// --- firmware rollouts
const rolloutChannel = `firmwareChannel-${id(20)}`
const rolloutOf = { device_model: 'xs-1', facility_id: id(1), rollout_id: id(21), release_id: id(22) }
const plan = {
  ladder: [5, 25, 100],
  dwell_secs: 60,
  advance: 'manual',
  success_percent: 95,
  step_min_devices: 3,
  halt: { min_devices: 5, failure_percent: 12.5, kinds: ['boot'] },
}
const gates = { min_battery_mv: 3300 }
const startedRollout: Event = [
  rolloutChannel,
  'FirmwareRolloutStarted',
  {
    ...{ ...rolloutOf, version: '1.3.0', security_version: 2, previous_release_id: id(23), ...plan, gates },
    ...{ percent: 5, started_at: at },
  },
]
const { rollout_id: rolloutId, ...ofRelease } = rolloutOf
const rolloutRow = {
  ...{ id: rolloutId, ...ofRelease, version: '1.3.0', previous_release_id: id(23), ...plan, gates },
  ...{ status: 'running', reason: null, percent: 5, attempt: 0, started_at: at, step_since: at, ended_at: null },
}
const { step_min_devices: _, ...rolloutRowV1 } = rolloutRow
const rolloutDoes = (type: string, data: object): Event => [rolloutChannel, type, { ...rolloutOf, ...data }]
const rolloutAdvanced = rolloutDoes('FirmwareRolloutAdvanced', { from_percent: 5, percent: 25, advanced_at: later })
const rolloutHalted = rolloutDoes('FirmwareRolloutHalted', { reason: 'too many', failed: 3, halted_at: later })
const rolloutResumed = rolloutDoes('FirmwareRolloutResumed', { resumed_at: later })
const advancedRow = { ...rolloutRow, percent: 25, step_since: later }
promise(firmwareRollouts, 'shows a rollout that has begun', [startedRollout], rolloutRow)
promise(
  firmwareRollouts,
  'shows one for every facility, without what it does not have',
  [
    [
      rolloutChannel,
      'FirmwareRolloutStarted',
      {
        ...{ device_model: 'xs-1', rollout_id: rolloutId, release_id: id(22), version: '1.3.0', ...plan },
        ...{ percent: 5, started_at: at },
      },
    ],
  ],
  { ...rolloutRow, facility_id: null, previous_release_id: null, gates: null },
)
const { step_min_devices: __, ...planBefore } = plan
promise(
  firmwareRollouts,
  'shows that one from before asks for no reports of each share',
  [
    [
      rolloutChannel,
      'FirmwareRolloutStarted',
      {
        ...{ ...rolloutOf, version: '1.3.0', security_version: 2, previous_release_id: id(23), ...planBefore, gates },
        ...{ percent: 5, started_at: at },
      },
    ],
  ],
  { ...rolloutRow, step_min_devices: null },
)
promise(
  firmwareRolloutsV1,
  'of version 1 shows the same without how many of a share must have reported',
  [startedRollout],
  rolloutRowV1,
)
promise(firmwareRollouts, 'shows how far it has come', [startedRollout, rolloutAdvanced], advancedRow)
promise(
  firmwareRollouts,
  'shows that it is paused, and why if somebody said so',
  [startedRollout, rolloutDoes('FirmwareRolloutPaused', { paused_at: later })],
  { ...rolloutRow, status: 'paused' },
)
promise(firmwareRollouts, 'shows why it is halted', [startedRollout, rolloutAdvanced, rolloutHalted], {
  ...advancedRow,
  status: 'halted',
  reason: 'too many',
})
promise(
  firmwareRollouts,
  'shows no reason once it is resumed, and which attempt it is',
  [startedRollout, rolloutHalted, rolloutResumed, rolloutDoes('FirmwareRolloutRetried', { attempt: 1 })],
  { ...rolloutRow, step_since: later, attempt: 1 },
)
promise(
  firmwareRollouts,
  'shows that it is complete',
  [startedRollout, rolloutDoes('FirmwareRolloutCompleted', { version: '1.3.0', completed_at: later })],
  { ...rolloutRow, status: 'completed', ended_at: later },
)
for (const [type, data, row] of [
  ['FirmwareRolledBack', { version: '1.2.0', reason: 'deaf', rolled_back_at: later }, { status: 'rolled_back' }],
  ['FirmwareDeactivated', { reason: 'deaf', deactivated_at: later }, { status: 'deactivated' }],
  ['FirmwareReleaseBarred', { was_active: true, reason: 'deaf', barred_at: later }, { status: 'withdrawn' }],
] as const) {
  promise(
    firmwareRollouts,
    `is over where ${type} names it, and nowhere else`,
    [startedRollout, rolloutDoes(type, data)],
    { ...rolloutRow, ...row, reason: 'deaf', ended_at: later },
  )
  const { rollout_id: _, ...ofNone } = rolloutOf
  promise(
    firmwareRollouts,
    `goes on where ${type} names none`,
    [startedRollout, [rolloutChannel, type, { ...ofNone, ...data }]],
    rolloutRow,
  )
}

// --- what devices report of rollouts
const reports = (data: object): Event => [
  `deviceFirmware-${id(5)}`,
  'FirmwareInstallReported',
  { ...rolloutOf, version: '1.3.0', attempt: 0, reported_at: at, ...data },
]
const reportedRow = {
  ...{ id: 'b992af3d-cb4c-54b3-804d-bc4cd520833f', rollout_id: rolloutId, device_id: id(5), facility_id: id(1) },
  ...{ outcome: 'installed', kind: null, detail: null, attempt: 0, reported_at: at },
}
promise(firmwareRolloutDevices, 'shows what a device reported', [reports({ outcome: 'installed' })], reportedRow)
promise(
  firmwareRolloutDevices,
  'shows what it reported last, and nothing of before',
  [
    reports({ outcome: 'failed', kind: 'boot', detail: 'E5' }),
    reports({ outcome: 'installed', attempt: 1, reported_at: later }),
  ],
  { ...reportedRow, attempt: 1, reported_at: later },
)
promise(firmwareRolloutDevices, 'shows why it failed', [reports({ outcome: 'failed', kind: 'boot', detail: 'E5' })], {
  ...reportedRow,
  outcome: 'failed',
  kind: 'boot',
  detail: 'E5',
})
promise(firmwareRolloutDevices, 'shows nothing of what is of no rollout', [
  [
    `deviceFirmware-${id(5)}`,
    'FirmwareInstallReported',
    {
      release_id: id(22),
      version: '1.3.0',
      device_model: 'xs-1',
      facility_id: id(1),
      outcome: 'installed',
      attempt: 1,
    },
  ],
])

/** The columns of each table, as the migrations made them. */
const migrations = new URL('../../migrations/', import.meta.url)
const columns = new Map(
  readdirSync(migrations)
    .filter((file) => /^\d+_.*\.sql$/.test(file))
    .flatMap((file) => [
      ...readFileSync(new URL(file, migrations), 'utf8').matchAll(/create table (\w+) \((.*?)\n\);/gs),
    ])
    .map(([, table, body]) => [
      table!,
      [...body!.matchAll(/^ {2}(?!primary|unique)(\w+) /gm)].map(([, name]) => name!),
    ]),
)

const titleOf = ({ projection: { name }, promise }: Scenario) => `${name}: ${promise}`

describe('read models', () => {
  for (const scenario of scenarios)
    it(titleOf(scenario), async () => {
      const { projection, events, rows } = scenario
      const inOne = await rowsAfter(projection, events)
      const oneByOne = await rowsAfter(projection, ...events.map((event) => [event]))
      expect([...inOne.values()], 'in one batch').to.deep.equal(rows)
      expect([...oneByOne.values()], 'event by event').to.deep.equal(rows)
      for (const row of rows)
        expect(foldRow(projection, row.id, recorded(events)).at(-1)?.after, 'as history folds it').to.deep.equal(row)
    })

  for (const projection of projections) {
    if (isAppendOnly(projection)) continue
    const own = scenarios.filter((scenario) => scenario.projection === projection)
    it(`${projection.name}: has every fold shown above`, () => {
      const seen = new Set(own.flatMap(({ events }) => events.map(([, type]) => type)))
      expect([...seen]).to.include.members(Object.keys(projection.on))
    })
    it(`${projection.name}: fills the columns of its table, and has nothing that the table would lose`, async () => {
      for (const { events } of own)
        for (const row of (await rowsAfter(projection, events)).values())
          expect(Object.keys(row)).to.have.members(columns.get(tableOf(projection))!)
    })
  }

  it('have names and tables of their own', () => {
    expect(new Set(projections.map(({ name }) => name)).size).to.equal(projections.length)
    for (const projection of projections) expect(columns).to.include.keys(tableOf(projection))
  })
})

describe('resource_events', () => {
  const each = async (...events: Event[]) => (await fold(resourceEvents, events)).appended

  it('says which events belong to a resource', async () => {
    for (const category of ['facility', 'user', 'session', 'apiKey', 'device', 'upload', 'firmwareRelease']) {
      const stream = `${category}-${id(1)}`
      expect(await each([stream, 'Whatever', {}], [stream, 'Anything', {}])).to.deep.equal([
        { resource: category, id: id(1), position: '9007199254740993', stream, revision: 0 },
        { resource: category, id: id(1), position: '9007199254740994', stream, revision: 1 },
      ])
    }
  })
  it('gives a job’s events to its upload, too', async () => {
    const own = { position: '9007199254740993', stream: job, revision: 0 }
    expect(await each(jobRequested)).to.deep.equal([
      { resource: 'transcodeJob', id: id(7), ...own },
      { resource: 'upload', id: id(6), ...own },
    ])
    expect(await each(inferenceRequested)).to.deep.equal([
      { resource: 'inferenceJob', id: id(13), ...own, stream: listening },
      { resource: 'upload', id: id(6), ...own, stream: listening },
    ])
  })
  it('knew nothing of inference jobs in version 2', async () => {
    const { appended } = await fold(resourceEventsV2, [inferenceRequested, jobRequested])
    expect(appended).to.have.length(2)
  })
  it('gives what a channel did to the releases that it names, to each once', async () => {
    const own = { position: '9007199254740993', stream: channel, revision: 0 }
    const events = async (data: object) => (await each(told('FirmwareRolledBack', data))) as object[]
    expect(await events({ release_id: id(20), previous_release_id: id(21), rollout_release_id: id(25) })).to.deep.equal(
      [
        { resource: 'firmwareChannel', id: id(22), ...own },
        ...[id(20), id(21), id(25)].map((one) => ({ resource: 'firmwareRelease', id: one, ...own })),
      ],
    )
    expect(await events({ release_id: id(20), previous_release_id: id(20) })).to.have.lengthOf(2)
    expect(await events({ release_id: 'none of ours' })).to.have.lengthOf(1)
  })
  it('gives what is observed of a device’s firmware to the device', async () => {
    const stream = `deviceFirmware-${id(5)}`
    expect(await each([stream, 'FirmwareVersionObserved', { version: '1.2.0', observed_at: at }])).to.deep.equal([
      { resource: 'device', id: id(5), position: '9007199254740993', stream, revision: 0 },
    ])
  })
  it('gives a rollout what its channel says of it, and what that says of others to nobody', async () => {
    const place = `firmwareRollout-${id(21)}`
    expect(
      await each(
        [place, 'FirmwareRolloutPlaced', {}],
        rolloutHalted,
        [rolloutChannel, 'FirmwareActivated', { release_id: id(22) }],
        [rolloutChannel, 'FirmwareRolloutPaused', { rollout_id: 'x' }],
      ).then((rows) => (rows as Row[]).filter((row) => row['resource'] === 'firmwareRollout')),
    ).to.deep.equal([
      { resource: 'firmwareRollout', id: id(21), position: '9007199254740993', stream: place, revision: 0 },
      { resource: 'firmwareRollout', id: id(21), position: '9007199254740994', stream: rolloutChannel, revision: 1 },
    ])
  })
  it('leaves out what nobody can ask the history of', async () =>
    expect(
      await each(
        [`userKey-${id(2)}`, 'UserKeyCreated', { wrapped: 'w', created_at: at }],
        ['nameKey-system', 'NameKeyCreated', { wrapped: 'w', created_at: at }],
        ['reservation-userEmail.abc', 'NameReserved', { kind: 'userEmail', owner_id: id(2), reserved_at: at }],
        ['somebodyElse-1', 'SomethingHappened', {}],
        ['facility-not-an-id', 'FacilityRenamed', {}],
        ['nodash', 'SomethingHappened', {}],
      ),
    ).to.deep.equal([]))
  it('has the columns of its table', async () =>
    expect(Object.keys((await each(jobRequested))[0] as Row)).to.have.members(columns.get('resource_events_v2')!))
  it('goes on over an event that nobody can decode', async () =>
    expect(await each([facility, 'FacilityVanished', {}, { metadata: { schema: 9 } }])).to.have.lengthOf(1))
})

describe('a batch', () => {
  const rename = (name: string): Event => [facility, 'FacilityRenamed', { name, renamed_at: later }]

  it('asks for the rows it needs once, and for none it makes itself', async () => {
    expect((await fold(facilities, [registered])).loads).to.deep.equal([])
    const other = `facility-${id(9)}`
    const { loads } = await fold(facilities, [
      rename('a'),
      rename('b'),
      [other, 'FacilityDeactivated', {}],
      rename('c'),
    ])
    expect(loads).to.deep.equal([[id(1), id(9)]])
  })
  it('changes nothing where there is no row', async () => {
    const { rows, poison } = await fold(facilities, [rename('a')])
    expect([...rows]).to.deep.equal([])
    expect(poison).to.equal(undefined)
  })
  it('of other people’s events changes nothing', async () => {
    const { rows, appended, loads, poison } = await fold(facilities, [deviceRegistered, ['x-1', 'Y', {}]])
    expect({ rows: [...rows], appended, loads, poison }).to.deep.equal({
      rows: [],
      appended: [],
      loads: [],
      poison: undefined,
    })
  })
  it('writes nothing where the fold gives the same row back', async () => {
    const stored = new Map([[id(6), frozen({ ...uploadRow, status: 'rejected' })]])
    const { rows, loads } = await fold(uploads, jobEvents, stored)
    expect(loads).to.deep.equal([[id(6)]])
    expect([...rows]).to.deep.equal([])
  })
  it('deletes the row of which a fold gives null, and can make it anew', async () => {
    const facilitiesInUse: Projection = {
      ...facilities,
      on: { ...facilities.on, FacilityDeactivated: () => null },
    }
    const deactivated: Event = [facility, 'FacilityDeactivated', { deactivated_at: later }]
    expect([...(await fold(facilitiesInUse, [registered, deactivated, rename('a')])).rows]).to.deep.equal([
      [id(1), null],
    ])
    expect(await rowsAfter(facilitiesInUse, [registered], [deactivated])).to.deep.equal(new Map())
    expect(await rowsAfter(facilitiesInUse, [registered, deactivated, registered])).to.deep.equal(
      new Map([[id(1), facilityRow]]),
    )
  })
})

describe('an event that cannot be folded', () => {
  const rename = (name: string, more: Partial<Recorded> = {}): Event => [
    facility,
    'FacilityRenamed',
    { name, renamed_at: later },
    more,
  ]
  const ofTheFuture = { metadata: { schema: 2 } }

  it('stops the projection there: what came before is kept, what comes after waits', async () => {
    const events = [registered, rename('before'), rename('broken', ofTheFuture), rename('after')]
    const { rows, poison } = await fold(facilities, events)
    expect([...rows.values()]).to.deep.equal([{ ...facilityRow, name: 'before' }])
    expect(poison!.event).to.deep.equal(recorded(events)[2])
    expect(poison!.error.message).to.equal('FacilityRenamed has schema 2; this version knows 1')
  })
  it('stops nobody who does not need it', async () => {
    const events = [deviceRegistered, rename('broken', ofTheFuture)]
    const { rows, poison } = await fold(devices, events)
    expect([...rows.values()]).to.deep.equal([deviceRow])
    expect(poison).to.equal(undefined)
  })
  it('stops nobody who does not look into it', async () => {
    const unreadable = new Error('Unsupported state or unable to authenticate data')
    const events: Event[] = [
      [user, 'UserRegistered', userData],
      [user, 'UserDeactivated', { deactivated_at: later }, { unreadable }],
    ]
    expect((await rowsAfter(users, events)).get(id(2))).to.include({ status: 'inactive' })
  })
  it('is one whose personal fields cannot be opened', async () => {
    const unreadable = new Error('Unsupported state or unable to authenticate data')
    const { rows, poison } = await fold(users, [
      [user, 'UserRegistered', userData],
      [user, 'UserRenamed', { name: { sealed: 'v1', box: 'x' }, renamed_at: later }, { unreadable }],
    ])
    expect([...rows.values()]).to.deep.equal([userRow])
    expect(poison!.error).to.equal(unreadable)
  })
  it('is one in a stream that is not ours', async () => {
    const { rows, poison } = await fold(facilities, [['somebodyElse-1', 'FacilityRegistered', {}]])
    expect(rows.size).to.equal(0)
    expect(poison!.error.message).to.equal('somebodyElse-1 is no stream of ours')
  })
  it('is one that names rows which cannot be read from it', async () => {
    const { rows, poison } = await fold(uploads, [
      uploadReceived,
      jobRequested,
      [job, 'TranscodeFailed', {}, ofTheFuture],
      jobCompleted,
    ])
    expect([...rows.values()]).to.deep.equal([{ ...uploadRow, status: 'transcoding' }])
    expect(poison!.event.type).to.equal('TranscodeFailed')
  })
  it('leaves nothing of itself behind, not even the first of two rows', async () => {
    const pairs: Projection<Row> = {
      ...facilities,
      on: {
        FacilityRenamed: {
          rows: () => [id(1), id(2)],
          fold: (row) => {
            if (row?.id === id(2)) throw new Error('broken')
            return row && { ...row, seen: true }
          },
        },
      },
    }
    const stored = new Map([1, 2].map((n) => [id(n), frozen({ id: id(n), seen: false })]))
    const { rows, poison } = await fold(pairs, [rename('a')], stored)
    expect(poison!.error.message).to.equal('broken')
    expect([...rows]).to.deep.equal([])
  })
})

describe('the history of a row', () => {
  it('is the row before and after each event', () => {
    const events = [
      registered,
      [facility, 'FacilityRenamed', { name: 'Incheon works', renamed_at: later }],
      [facility, 'FacilityDeactivated', { deactivated_at: later }],
    ] satisfies Event[]
    const renamed = { ...facilityRow, name: 'Incheon works' }
    expect(foldRow(facilities, id(1), recorded(events))).to.deep.equal([
      { before: null, after: facilityRow },
      { before: facilityRow, after: renamed },
      { before: renamed, after: { ...renamed, status: 'inactive' } },
    ])
  })
  it('takes part of no other row, and gives the same one back where nothing changed', () => {
    const other = `facility-${id(9)}`
    const [first, ...rest] = foldRow(
      facilities,
      id(1),
      recorded([
        registered,
        [other, 'FacilityRegistered', { name: 'Busan', code: 'PUS-1', registered_at: at }],
        [other, 'FacilityRenamed', { name: 'Busan works', renamed_at: later }],
        [facility, 'SomethingElse', {}],
      ]),
    )
    expect(first!.after).to.deep.equal(facilityRow)
    expect(rest).to.have.lengthOf(3)
    for (const { before, after } of rest) {
      expect(before).to.equal(first!.after)
      expect(after).to.equal(first!.after)
    }
  })
  it('of an upload has the events of its job', () => {
    const steps = foldRow(uploads, id(6), recorded([uploadReceived, jobRequested, jobStarted, jobCompleted]))
    expect(steps.map(({ after }) => after?.['status'])).to.deep.equal([
      'received',
      'transcoding',
      'transcoding',
      'ready',
    ])
  })
  it('stops at what cannot be folded', () =>
    expect(() =>
      foldRow(
        facilities,
        id(1),
        recorded([registered, [facility, 'FacilityRenamed', {}, { metadata: { schema: 2 } }]]),
      ),
    ).to.throw('FacilityRenamed has schema 2'))
})
