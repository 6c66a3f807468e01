import type { DomainEvent } from '../../domain/events.ts'
import type { Event as UserKeyEvent } from '../../domain/userKey.ts'

/** One thing that happens to one stream. */
export type Happened = readonly [stream: string, event: DomainEvent | UserKeyEvent]

/** Where a life takes what it does not make up itself. All of it follows from the seed. */
export interface Chance {
  /** RFC 3339, a little later at every call. */
  now(): string
  id(): string
  sha256(): string
  /** From 0 up to this number, which itself is left out. */
  below(limit: number): number
  /** Whether what happens once in so many times happens now. */
  oneIn(times: number): boolean
  /** A wrapped key of a user, as `UserKeyCreated` has it. */
  wrappedKey(): string
}

/** Who there is: lives begin with these, and some add to them. */
export interface World {
  facilities: string[]
  users: string[]
  devices: { id: string; facility_id: string }[]
  uploads: string[]
}

type Life = Generator<Happened, void>

const words = ['press', 'gate', 'north', 'pump', 'hall', 'roof', 'line 4', 'Mühle', '보일러', 'turbine']

export function* facility(chance: Chance, world: World): Life {
  const id = chance.id()
  const name = `Plant ${words[chance.below(words.length)]} ${world.facilities.length}`
  yield reserved(chance, 'facilityCode', id)
  const registered_at = chance.now()
  yield [`facility-${id}`, { type: 'FacilityRegistered', data: { name, code: `p-${id.slice(0, 8)}`, registered_at } }]
  world.facilities.push(id)
  const details = { timezone: 'Asia/Seoul', address: `${chance.below(900)} Harbour Road`, changed_at: chance.now() }
  yield [`facility-${id}`, { type: 'FacilityDetailsChanged', data: details }]
  if (chance.oneIn(3))
    yield [`facility-${id}`, { type: 'FacilityRenamed', data: { name: `${name} II`, renamed_at: chance.now() } }]
}

export function* user(chance: Chance, world: World): Life {
  const id = chance.id()
  const facility_id = one(chance, world.facilities)
  yield reserved(chance, 'userEmail', id)
  yield [`userKey-${id}`, { type: 'UserKeyCreated', data: { wrapped: chance.wrappedKey(), created_at: chance.now() } }]
  const person = { email: `${id.slice(0, 13)}@example.test`, name: `Person ${id.slice(0, 4)}`, facility_id }
  const password = { password_hash: `$argon2id$${chance.sha256()}`, must_change_password: false }
  const role = chance.oneIn(5) ? 'facility_admin' : 'user'
  yield [`user-${id}`, { type: 'UserRegistered', data: { ...person, ...password, role, registered_at: chance.now() } }]
  world.users.push(id)
  if (chance.oneIn(2))
    yield [`user-${id}`, { type: 'UserPasswordChanged', data: { ...password, changed_at: chance.now() } }]
  if (chance.oneIn(3))
    yield [`user-${id}`, { type: 'UserRenamed', data: { name: `Renamed ${id.slice(0, 4)}`, renamed_at: chance.now() } }]
  if (chance.oneIn(8)) yield [`user-${id}`, { type: 'UserDeactivated', data: { deactivated_at: chance.now() } }]
}

export function* session(chance: Chance, world: World): Life {
  const id = chance.id()
  const address = `10.0.${chance.below(256)}.${chance.below(256)}`
  const user_agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0'
  const opened = { user_id: one(chance, world.users), address, user_agent, password_generation: 1 }
  const times = { started_at: chance.now(), expires_at: chance.now() }
  yield [`session-${id}`, { type: 'SessionStarted', data: { ...opened, refresh_id: chance.id(), ...times } }]
  for (let refreshes = chance.below(5); refreshes > 0; refreshes--) {
    const data = { refresh_id: chance.id(), refreshed_at: chance.now(), expires_at: chance.now() }
    yield [`session-${id}`, { type: 'SessionRefreshed', data }]
  }
  if (chance.oneIn(2))
    yield [`session-${id}`, { type: 'SessionEnded', data: { reason: 'logout', ended_at: chance.now() } }]
}

export function* device(chance: Chance, world: World): Life {
  const id = chance.id()
  const key = chance.id()
  const facility_id = one(chance, world.facilities)
  const named = { name: `Mic ${words[chance.below(words.length)]}`, serial: id.slice(0, 13), model: 'xs-1' }
  yield reserved(chance, 'deviceSerial', id)
  yield [`device-${id}`, { type: 'DeviceRegistered', data: { facility_id, ...named, registered_at: chance.now() } }]
  const secret = { scopes: ['upload', 'firmware', 'heartbeat'] as const, secret_sha256: chance.sha256() }
  const issued = { name: named.name, facility_id, device_id: id, ...secret, issued_at: chance.now() }
  yield [`apiKey-${key}`, { type: 'ApiKeyIssued', data: issued }]
  world.devices.push({ id, facility_id })
  if (chance.oneIn(4))
    yield [`device-${id}`, { type: 'DeviceRenamed', data: { name: `${named.name} b`, renamed_at: chance.now() } }]
  if (chance.oneIn(10)) yield [`apiKey-${key}`, { type: 'ApiKeyRevoked', data: { revoked_at: chance.now() } }]
}

/** From the microphone to what is played: the main traffic. */
export function* recording(chance: Chance, world: World): Life {
  const [id, job] = [chance.id(), chance.id()]
  const { id: device_id, facility_id } = one(chance, world.devices)
  const file = { file_name: `${words[chance.below(words.length)]}-${id.slice(0, 6)}.wav`, content_type: 'audio/wav' }
  const bytes = { object_key: `uploads/${id}/original`, size_bytes: chance.below(1e8), sha256: chance.sha256() }
  const metadata = { gain_db: chance.below(30), firmware: `1.${chance.below(9)}.0` }
  const times = { recorded_at: chance.now(), received_at: chance.now() }
  const received = { facility_id, device_id, ...file, ...bytes, metadata, ...times }
  yield [`upload-${id}`, { type: 'UploadReceived', data: received }]
  const asked = { facility_id, formats: ['opus-webm', 'aac-mp4'] as const, bitrate: 96_000, requested_at: chance.now() }
  yield [`transcodeJob-${job}`, { type: 'TranscodeRequested', data: { upload_id: id, ...asked } }]
  const duration_ms = chance.below(600_000)
  yield* transcoded(chance, job, id, duration_ms)
  world.uploads.push(id)
}

/** Somebody comes back to a recording of some day, long after it was made. */
export function* afterthought(chance: Chance, world: World): Life {
  if (world.uploads.length === 0) return
  const stream = `upload-${one(chance, world.uploads)}`
  if (chance.oneIn(3)) yield [stream, { type: 'UploadDeleted', data: { deleted_at: chance.now() } }]
  else yield [stream, { type: 'UploadDetailsChanged', data: { title: 'Squeal at the gate', changed_at: chance.now() } }]
}

function* transcoded(chance: Chance, job: string, upload_id: string, duration_ms: number): Life {
  const stream = `transcodeJob-${job}`
  let attempt = 1
  yield [stream, { type: 'TranscodeStarted', data: { upload_id, attempt, worker: 'w1', started_at: chance.now() } }]
  if (chance.oneIn(12)) {
    const failed = { upload_id, attempt, cause: 'fault' as const, reason: 'ffmpeg made no progress' }
    yield [stream, { type: 'TranscodeAttemptFailed', data: { ...failed, failed_at: chance.now() } }]
    attempt++
    yield [stream, { type: 'TranscodeStarted', data: { upload_id, attempt, worker: 'w2', started_at: chance.now() } }]
  }
  const probed = { container: 'wav', codec: 'pcm_s16le', duration_ms, sample_rate_hz: 48_000, channels: 1 }
  yield [`upload-${upload_id}`, { type: 'UploadProbed', data: { ...probed, probed_at: chance.now() } }]
  if (chance.oneIn(40)) {
    const data = { upload_id, reason: 'The file ends in the middle of a block', failed_at: chance.now() }
    yield [stream, { type: 'TranscodeFailed', data }]
    return
  }
  const rendition = (format: 'opus-webm' | 'aac-mp4', codec: string) => ({
    ...{ format, codec, bitrate: 96_000, size_bytes: chance.below(1e7), duration_ms, sha256: chance.sha256() },
    object_key: `uploads/${upload_id}/${attempt}/${format}`,
  })
  const renditions = [rendition('opus-webm', 'opus'), rendition('aac-mp4', 'aac')]
  const peaks = { object_key: `uploads/${upload_id}/${attempt}/peaks`, samples_per_pixel: 512, length: 56_250 }
  const loudness = { integrated_lufs: -chance.below(400) / 10, true_peak_dbtp: -chance.below(60) / 10 }
  const completed = { upload_id, attempt, renditions, peaks, loudness, completed_at: chance.now() }
  yield [stream, { type: 'TranscodeCompleted', data: completed }]
}

const reserved = (chance: Chance, kind: 'facilityCode' | 'userEmail' | 'deviceSerial', owner_id: string): Happened => [
  `reservation-${chance.sha256()}`,
  { type: 'NameReserved', data: { kind, owner_id, reserved_at: chance.now() } },
]

const one = <T>(chance: Chance, all: readonly T[]): T => all[chance.below(all.length)]!
