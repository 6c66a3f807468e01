import type { Image, Scope } from '../domain/firmwareChannel.ts'
import { activating, goingBack, offering, type Told, withdrawing } from '../domain/firmwareLeaving.ts'
import { precedenceOf } from '../domain/firmwareVersion.ts'
import type { Projection } from './engine/projection.ts'

/** What devices of a model are told to run, and all that they were ever told to. */
export interface FirmwareChannelRow {
  id: string
  device_model: string
  facility_id: string | null
  active_release_id: string | null
  active_version: string | null
  /** Sorts as versions do, here and below. */
  active_precedence: string | null
  active_by: 'activation' | 'rollback' | 'rollout' | null
  active_since: string | null
  security_floor: number
  /** The open one. */
  rollout_id: string | null
  /** What was ever active or rolled out. */
  offered: readonly string[]
  /** What was ever active: offered to every device. */
  activated: readonly string[]
  /** What it offered last, by release, and what devices go back from. */
  told: Told['offered']
  left_versions: Told['left']
  /** When something happened in it for the first time. */
  created_at: string
}

interface OfChannel {
  id: string
  data: Scope
}

const nothing = {
  active_release_id: null,
  active_version: null,
  active_precedence: null,
  active_by: null,
  active_since: null,
}

const and = (known: readonly string[], version: string) => {
  const precedence = precedenceOf(version)
  return precedence === null || known.includes(precedence) ? known : [...known, precedence]
}

/** The row with that change of what its devices were told. */
const telling = (row: FirmwareChannelRow, change: (told: Told) => Told) => {
  const { offered, left } = change({ offered: row.told, left: row.left_versions })
  return { told: offered, left_versions: left }
}

/** A channel is there with the first event in it, whichever that is. */
const inChannel = <Event extends OfChannel>(
  at: (event: Event) => string,
  fold: (row: FirmwareChannelRow, event: Event) => FirmwareChannelRow,
) => ({
  rows: ({ id }: Event) => [id],
  fold: (row: FirmwareChannelRow | null, event: Event) => {
    const { device_model, facility_id = null } = event.data
    const fresh = { id: event.id, device_model, facility_id, ...nothing, security_floor: 0, rollout_id: null }
    return fold(
      row ?? { ...fresh, offered: [], activated: [], told: [], left_versions: [], created_at: at(event) },
      event,
    )
  },
})

const activated = <Data extends Scope & Image>(
  active_by: NonNullable<FirmwareChannelRow['active_by']>,
  at: (data: Data) => string,
) =>
  inChannel<{ id: string; data: Data }>(
    ({ data }) => at(data),
    (row, { data }) => ({
      ...row,
      active_release_id: data.release_id,
      active_version: data.version,
      active_precedence: precedenceOf(data.version),
      active_by,
      active_since: at(data),
      security_floor: Math.max(row.security_floor, data.security_version ?? 0),
      rollout_id: null,
      offered: and(row.offered, data.version),
      activated: and(row.activated, data.version),
      ...telling(row, (told) => (active_by === 'rollback' ? goingBack : activating)(told, data)),
    }),
  )

const deactivated = <Data extends Scope & { release_id: string; rollout_id?: string }>(
  at: (data: Data) => string,
  more: (row: FirmwareChannelRow, data: Data) => Partial<FirmwareChannelRow> = () => ({}),
) =>
  inChannel<{ id: string; data: Data }>(
    ({ data }) => at(data),
    (row, { data }) => ({
      ...row,
      ...(row.active_release_id === data.release_id && nothing),
      ...(row.rollout_id === data.rollout_id && { rollout_id: null }),
      ...more(row, data),
    }),
  )

export const firmwareChannels: Projection<FirmwareChannelRow> = {
  name: 'firmware_channels',
  version: 2,
  indexes: ['facility_id, device_model, id', 'device_model, id'],
  on: {
    FirmwareActivated: activated('activation', ({ activated_at }) => activated_at),
    FirmwareRolledBack: activated('rollback', ({ rolled_back_at }) => rolled_back_at),
    FirmwareRolloutCompleted: activated('rollout', ({ completed_at }) => completed_at),
    FirmwareDeactivated: deactivated(({ deactivated_at }) => deactivated_at),
    FirmwareReleaseBarred: deactivated(
      ({ barred_at }) => barred_at,
      (row, { release_id }) => telling(row, (told) => withdrawing(told, release_id)),
    ),
    FirmwareRolloutStarted: inChannel(
      ({ data }) => data.started_at,
      (row, { data }) => ({
        ...row,
        rollout_id: data.rollout_id,
        offered: and(row.offered, data.version),
        ...telling(row, (told) => offering(told, data)),
      }),
    ),
  },
}
