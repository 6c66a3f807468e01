import { firmwareChannels } from '../../../projections/firmwareChannels.ts'
import { firmwareKeys } from '../../../projections/firmwareKeys.ts'
import { firmwareReleases } from '../../../projections/firmwareReleases.ts'
import { firmwareChannelsV1 } from '../../../projections/retired/firmwareChannels.v1.ts'
import { _, __ } from './firmwareRollouts.ts'
import { at, type Event, id, later, promiseIn, type Scenario } from './folding.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

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
export const channel = `firmwareChannel-${id(22)}`
const ofChannel = { device_model: 'xs-1', facility_id: id(1) }
const image = { release_id: id(20), version: '1.2.0', security_version: 2 }
const newer = { release_id: id(21), version: '1.3.0' }
export const told = (type: string, data: object): Event => [channel, type, { ...ofChannel, ...data }]
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
