import * as ApiKey from './apiKey.ts'
import * as BulkRetry from './bulkRetry.ts'
import { type AnyEvent, type Decider, decode, type Json, type Personal, splitStream } from './decider.ts'
import * as Device from './device.ts'
import * as DeviceFirmware from './deviceFirmware.ts'
import * as Facility from './facility.ts'
import * as FirmwareChannel from './firmwareChannel.ts'
import * as FirmwareKey from './firmwareKey.ts'
import * as FirmwareRelease from './firmwareRelease.ts'
import * as FirmwareRolloutPlace from './firmwareRolloutPlace.ts'
import * as GpuServer from './gpuServer.ts'
import * as InferenceJob from './inferenceJob.ts'
import * as NameKey from './nameKey.ts'
import * as Projection from './projection.ts'
import * as Refusals from './refusals.ts'
import * as Reservation from './reservation.ts'
import * as Session from './session.ts'
import * as Settings from './settings.ts'
import * as SuperAdmins from './superAdmins.ts'
import * as Tag from './tag.ts'
import * as TranscodeJob from './transcodeJob.ts'
import * as Upload from './upload.ts'
import * as User from './user.ts'
import * as UserKey from './userKey.ts'

/** Every aggregate of the log: whoever reads across streams decodes by this table. */
export const aggregates = [
  ApiKey,
  BulkRetry,
  Device,
  DeviceFirmware,
  Facility,
  FirmwareChannel,
  FirmwareKey,
  FirmwareRelease,
  FirmwareRolloutPlace,
  GpuServer,
  InferenceJob,
  NameKey,
  Projection,
  Refusals,
  Reservation,
  Session,
  Settings,
  SuperAdmins,
  Tag,
  TranscodeJob,
  Upload,
  User,
  UserKey,
] as const

const byCategory = new Map<string, Decider<any, any>>(aggregates.map((aggregate) => [aggregate.category, aggregate]))

export type DomainEvent =
  | ApiKey.Event
  | BulkRetry.Event
  | Device.Event
  | DeviceFirmware.Event
  | Facility.Event
  | FirmwareChannel.Event
  | FirmwareKey.Event
  | FirmwareRelease.Event
  | FirmwareRolloutPlace.Event
  | GpuServer.Event
  | InferenceJob.Event
  | Projection.Event
  | Refusals.Event
  | Reservation.Event
  | Session.Event
  | Settings.Event
  | SuperAdmins.Event
  | Tag.Event
  | TranscodeJob.Event
  | Upload.Event
  | User.Event

/** The event as today's code knows it; undefined for a category that is not ours. Throws where decode does. */
export function decodeFrom(stored: { stream: string; type: string; data: Json; schema: number }): AnyEvent | undefined {
  const decider = byCategory.get(splitStream(stored.stream)[0])
  return decider && decode(decider, stored)
}

/** Which fields of a stored event are sealed, and under whose key: `[user id, field names]`. */
export function personalFields(stored: {
  stream: string
  type: string
  data: Json
}): [string, readonly string[]] | undefined {
  const [category, id] = splitStream(stored.stream)
  const personal = byCategory.get(category)?.personal?.[stored.type] as Personal | undefined
  if (!personal) return undefined
  return [personal.subject === 'stream' ? id : String(stored.data[personal.subject.field]), personal.fields]
}

/** The fields of any event of this category that are sealed: what is made of them is as personal. */
export function personalFieldsOf(category: string): ReadonlySet<string> {
  const personal = Object.values(byCategory.get(category)?.personal ?? {}) as Personal[]
  return new Set(personal.flatMap(({ fields }) => fields))
}

/** The user whom this event erases, and whose key goes with it. */
export const erasedBy = ({ stream, type }: { stream: string; type: string }): string | undefined =>
  type === 'UserErased' && splitStream(stream)[0] === User.category ? splitStream(stream)[1] : undefined
