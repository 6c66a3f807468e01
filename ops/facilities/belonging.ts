import { splitStream } from '../../domain/decider.ts'
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
/** The key of the names that are reserved: without it none is found. */
const nameKey = `${NameKey.category}-system`

type Data = Record<string, unknown>
type Event = Pick<RawEvent, 'stream' | 'type' | 'data'>

/**
 * What of a log is whose. A facility's are its people with their sessions and keys, its devices, recordings, jobs, tags, settings and firmware, the names that
 * these have reserved, and the firmware for every facility as far as it is for models of its devices. People and devices that have
 * moved are where they are now, with all of their history. What the installation has for itself is nobody's: super_admins, GPU servers, its settings.
 */
export class Belonging {
  readonly #codes = new Map<string, string>()
  /** By stream, the facility, and of firmware the model. */
  readonly #facilityOf = new Map<string, string>()
  readonly #modelOf = new Map<string, string>()
  readonly #userOf = new Map<string, string>()
  /** By reservation, who had it last. */
  readonly #ownerOf = new Map<string, string>()
  readonly #jobsOf = new Map<string, string[]>()
  readonly #objectsOf = new Map<string, ReadonlySet<string>>()
  readonly #wrappedOf = new Map<string, string>()

  add(event: Event): void {
    const { stream, type } = event
    const [category] = splitStream(stream)
    if (type === '$streamDeleted') this.#wrappedOf.delete(stream)
    if (type.startsWith('$')) return
    if (placed.has(category) || firmware.has(category)) return this.#place(event, category)
    if (category === Facility.category && type === 'FacilityRegistered')
      this.#codes.set(splitStream(stream)[1], textIn(event, 'code'))
    else if (category === Session.category && type === 'SessionStarted')
      this.#userOf.set(stream, textIn(event, 'user_id'))
    else if (category === Reservation.category && type === 'NameReserved')
      this.#ownerOf.set(stream, textIn(event, 'owner_id'))
    else if (category === BulkRetry.category) {
      const { kind, job_ids } = dataOf(event) as unknown as BulkRetry.Event['data']
      this.#jobsOf.set(
        stream,
        job_ids.map((id) => `${kind}-${id}`),
      )
    } else if (category === UserKey.category || category === NameKey.category)
      this.#wrappedOf.set(stream, textIn(event, 'wrapped'))
  }

  #place(event: Event, category: string): void {
    const { stream, type } = event
    const data = dataOf(event)
    const objects = objectsOf({ type, data }).map(({ object_key }) => object_key)
    if (objects.length > 0) this.#objectsOf.set(stream, new Set([...(this.#objectsOf.get(stream) ?? []), ...objects]))
    if (typeof data['facility_id'] === 'string') this.#facilityOf.set(stream, data['facility_id'])
    // Whoever becomes a super_admin leaves the facility.
    if (type === 'UserRoleChanged' && data['role'] === 'super_admin') this.#facilityOf.delete(stream)
    const model = data[category === Device.category ? 'model' : 'device_model']
    if (typeof model === 'string') this.#modelOf.set(stream, model)
  }

  /** Its id, by its id or its code. */
  find(facility: string): string | undefined {
    if (this.#codes.has(facility)) return facility
    return [...this.#codes].find(([, code]) => code === facility)?.[0]
  }

  /** The key that a stream holds, as it is wrapped now; undefined where it is gone. */
  wrapped(stream: string): string | undefined {
    return this.#wrappedOf.get(stream)
  }

  /** The streams of a facility, and the keys of the objects that their events name, those that are gone by now too. */
  of(facility: string): { has: (stream: string) => boolean; objects: () => string[] } {
    const isDevice = (stream: string) => splitStream(stream)[0] === Device.category
    const here = [...this.#facilityOf].flatMap(([stream, at]) => (at === facility ? [stream] : []))
    const models = new Set(here.filter(isDevice).map((stream) => this.#modelOf.get(stream)))
    const isForItsModels = (stream: string) =>
      !this.#facilityOf.has(stream) && firmware.has(splitStream(stream)[0]) && models.has(this.#modelOf.get(stream))
    const forAll = [...this.#modelOf.keys()].filter(isForItsModels)
    const streams = new Set([nameKey, ...here, ...forAll])
    if (forAll.length > 0) streams.add(`${FirmwareKey.category}-${FirmwareKey.globalScope}`)
    for (const [stream, user] of this.#userOf) if (streams.has(`${User.category}-${user}`)) streams.add(stream)
    for (const [stream, jobs] of this.#jobsOf) if (jobs.every((job) => streams.has(job))) streams.add(stream)
    const ids = new Set([facility, ...[...streams].map((stream) => splitStream(stream)[1])])
    for (const [stream, owner] of this.#ownerOf) if (ids.has(owner)) streams.add(stream)

    const has = (stream: string) => {
      const [category, id] = splitStream(stream)
      const main = asides.get(category)
      if (main !== undefined) return streams.has(`${main}-${id}`)
      return streams.has(stream) || (named.has(category) && id === facility)
    }
    return { has, objects: () => [...streams].flatMap((stream) => [...(this.#objectsOf.get(stream) ?? [])]) }
  }
}

const dataOf = ({ data }: Event) => JSON.parse(data.toString()) as Data
const textIn = (event: Event, field: string) => String(dataOf(event)[field])
