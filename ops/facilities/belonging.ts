import { splitStream, streamOf } from '../../domain/decider.ts'
import * as ApiKey from '../../domain/apiKey.ts'
import * as BulkRetry from '../../domain/bulkRetry.ts'
import * as Device from '../../domain/device.ts'
import * as DeviceFirmware from '../../domain/deviceFirmware.ts'
import * as Facility from '../../domain/facility.ts'
import * as FirmwareChannel from '../../domain/firmwareChannel.ts'
import * as FirmwareKey from '../../domain/firmwareKey.ts'
import * as FirmwareRelease from '../../domain/firmwareRelease.ts'
import * as FirmwareRolloutPlace from '../../domain/firmwareRolloutPlace.ts'
import * as InferenceJob from '../../domain/inferenceJob.ts'
import * as NameKey from '../../domain/nameKey.ts'
import * as Reservation from '../../domain/reservation.ts'
import * as Session from '../../domain/session.ts'
import * as Settings from '../../domain/settings.ts'
import * as Tag from '../../domain/tag.ts'
import * as TranscodeJob from '../../domain/transcodeJob.ts'
import * as Upload from '../../domain/upload.ts'
import * as User from '../../domain/user.ts'
import * as UserKey from '../../domain/userKey.ts'
import type { RawEvent } from '../platform/rawEvents.ts'
import { objectsOf } from '../../workers/namedObjects.ts'

const categories = (...all: readonly { category: string }[]): ReadonlySet<string> =>
  new Set(all.map(({ category }) => category))

const firmware = categories(FirmwareRelease, FirmwareChannel, FirmwareRolloutPlace)
/** Their events say by `facility_id` where they are, the last one last. */
const placed = categories(User, ApiKey, Device, Upload, TranscodeJob, InferenceJob, Tag)
/** Their id is the facility's. */
const named = categories(Facility, Settings, FirmwareKey)
/** Their id is that of what they are an aside of. */
const asides = new Map([
  [DeviceFirmware.category, Device.category],
  [UserKey.category, User.category],
])
/** The key of the names that are reserved, without which none is found; and whose signatures count where a facility names nobody. */
const ofAll = [streamOf(NameKey, 'system'), streamOf(FirmwareKey, FirmwareKey.globalScope)]
const firstAdmin: Reservation.Kind = 'firstAdmin'

type Data = Record<string, unknown>
type Event = Pick<RawEvent, 'stream' | 'type' | 'data'>

/**
 * What of a log is one facility's: its people with their sessions and keys, its devices, recordings, jobs, tags, settings and firmware, the names that
 * these have reserved, and the firmware for every facility as far as it is for models of its devices. People and devices that have
 * moved are where they are now, with all of their history. What the installation has for itself is nobody's: super_admins, GPU servers, its settings.
 */
export class Belonging {
  readonly #facility: string
  readonly #here = new Set<string>()
  readonly #superAdmins = new Set<string>()
  /** Of every device, its model; of what firmware there is for every facility, the model that it is for. */
  readonly #models = new Map<string, string>()
  readonly #firmwareForAll = new Map<string, string>()
  readonly #userOf = new Map<string, string>()
  /** By reservation, who had it last. */
  readonly #ownerOf = new Map<string, string>()
  readonly #jobsOf = new Map<string, string[]>()
  /** By stream, the keys of the objects that its events name. */
  readonly #objectsOf = new Map<string, ReadonlySet<string>>()
  /** Uploads without an original, and those without any object. */
  readonly #rejected = new Set<string>()
  readonly #purged = new Set<string>()
  readonly #wrappedOf = new Map<string, string>()

  /** @param facility its id */
  constructor(facility: string) {
    this.#facility = facility
  }

  /** To be called with every event of the log, in its order. */
  add(event: Event): void {
    const { stream, type } = event
    const [category, id] = splitStream(stream)
    if (type === '$streamDeleted') this.#wrappedOf.delete(stream)
    if (type.startsWith('$')) return
    if (placed.has(category) || firmware.has(category)) this.#place(event, category)
    else if (category === Session.category && type === 'SessionStarted')
      this.#userOf.set(stream, String(dataOf(event)['user_id']))
    else if (category === Reservation.category && type === 'NameReserved') {
      const { kind, owner_id } = dataOf(event)
      // Whoever it was, the first super_admin of where they go is another.
      if (kind !== firstAdmin) this.#ownerOf.set(stream, String(owner_id))
    } else if (category === BulkRetry.category) {
      const { kind, job_ids } = dataOf(event) as unknown as BulkRetry.Event['data']
      const jobs = job_ids.map((job) => `${kind}-${job}`)
      this.#jobsOf.set(stream, jobs)
    } else if (category === UserKey.category || category === NameKey.category)
      this.#wrappedOf.set(stream, String(dataOf(event)['wrapped']))
    if (type === 'UploadRejected') this.#rejected.add(id)
    if (type === 'UploadPurged') this.#purged.add(id)
  }

  #place(event: Event, category: string): void {
    const { stream, type } = event
    const data = dataOf(event)
    const { facility_id, device_model, model } = data
    if (facility_id === this.#facility) this.#here.add(stream)
    else if (facility_id !== undefined) this.#here.delete(stream)
    // Whoever is a super_admin is of no facility, whatever else is said of them.
    if (category === User.category && data['role'] === 'super_admin') this.#superAdmins.add(stream)
    else if (data['role'] !== undefined) this.#superAdmins.delete(stream)
    if (category === Device.category && model !== undefined) this.#models.set(stream, String(model))
    if (firmware.has(category) && facility_id === undefined && device_model !== undefined)
      this.#firmwareForAll.set(stream, String(device_model))
    if (!this.#here.has(stream) && !this.#firmwareForAll.has(stream)) return
    const objects = objectsOf({ type, data }).map(({ object_key }) => object_key)
    if (objects.length > 0) this.#objectsOf.set(stream, new Set([...(this.#objectsOf.get(stream) ?? []), ...objects]))
  }

  /** The key that a stream holds, as it is wrapped now; undefined where it is gone. */
  wrapped(stream: string): string | undefined {
    return this.#wrappedOf.get(stream)
  }

  /** Its streams, and the keys of the objects that these name and that are not gone, by what was added so far. */
  its(): { has: (stream: string) => boolean; objects: readonly string[] } {
    const models = new Set([...this.#here].map((stream) => this.#models.get(stream)))
    const forItsModels = [...this.#firmwareForAll].flatMap(([stream, model]) => (models.has(model) ? [stream] : []))
    const here = [...this.#here].filter((stream) => !this.#superAdmins.has(stream))
    const streams = new Set([...ofAll, ...here, ...forItsModels])
    for (const [stream, user] of this.#userOf) if (streams.has(`${User.category}-${user}`)) streams.add(stream)
    for (const [stream, jobs] of this.#jobsOf) if (jobs.every((job) => streams.has(job))) streams.add(stream)
    const ids = new Set([this.#facility, ...[...streams].map((stream) => splitStream(stream)[1])])
    for (const [stream, owner] of this.#ownerOf) if (ids.has(owner)) streams.add(stream)

    const has = (stream: string) => {
      // `$$stream` says how long what is in `stream` stays.
      const [category, id] = splitStream(stream.replace(/^\$\$/, ''))
      const main = asides.get(category)
      if (main !== undefined) return streams.has(`${main}-${id}`)
      return streams.has(`${category}-${id}`) || (named.has(category) && id === this.#facility)
    }
    const keys = [...streams].flatMap((stream) => [...(this.#objectsOf.get(stream) ?? [])])
    return { has, objects: [...new Set(keys)].filter((key) => !this.#isGone(key)) }
  }

  /** `uploads/<id>/…`: what is made of a recording lies deeper than the recording itself. */
  #isGone(key: string): boolean {
    const [root, id = '', ...rest] = key.split('/')
    return root === 'uploads' && (this.#purged.has(id) || (this.#rejected.has(id) && rest.length < 2))
  }
}

const dataOf = ({ data }: Event) => JSON.parse(data.toString()) as Data
