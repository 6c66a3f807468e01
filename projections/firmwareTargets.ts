import type { Image, Scope } from '../domain/firmwareChannel.ts'
import { precedenceOf } from '../domain/firmwareVersion.ts'
import type { Projection } from './engine/projection.ts'

/** What the devices of a channel are to run, and all that they were ever told to. */
export interface FirmwareTargetRow {
  id: string
  device_model: string
  facility_id: string | null
  release_id: string | null
  version: string | null
  /** Sorts as versions do, here and below. */
  precedence: string | null
  /** Devices that run something newer go back to it. */
  goes_back: boolean
  /** What was ever active or rolled out. */
  offered: readonly string[]
  /** What was ever active: offered to all of them. */
  activated: readonly string[]
}

const nothing = { release_id: null, version: null, precedence: null, goes_back: false }

const and = (known: readonly string[], version: string) => {
  const precedence = precedenceOf(version)
  return precedence === null || known.includes(precedence) ? known : [...known, precedence]
}

type Told<Data> = { id: string; data: Data }

/** A row is there with the first event of its channel, whichever that is. */
const inChannel = <Data extends Scope>(fold: (row: FirmwareTargetRow, data: Data) => FirmwareTargetRow) => ({
  rows: ({ id }: Told<Data>) => [id],
  fold: (row: FirmwareTargetRow | null, { id, data }: Told<Data>) => {
    const { device_model, facility_id = null } = data
    return fold(row ?? { id, device_model, facility_id, ...nothing, offered: [], activated: [] }, data)
  },
})

const activated = (goes_back: boolean) =>
  inChannel<Scope & Image>((row, { release_id, version }) => ({
    ...row,
    release_id,
    version,
    precedence: precedenceOf(version),
    goes_back,
    offered: and(row.offered, version),
    activated: and(row.activated, version),
  }))

const deactivated = inChannel<Scope & { release_id: string }>((row, { release_id }) =>
  row.release_id === release_id ? { ...row, ...nothing } : row,
)

export const firmwareTargets: Projection<FirmwareTargetRow> = {
  name: 'firmware_targets',
  version: 1,
  indexes: ['device_model, facility_id'],
  on: {
    FirmwareActivated: activated(false),
    FirmwareRolloutCompleted: activated(false),
    FirmwareRolledBack: activated(true),
    FirmwareDeactivated: deactivated,
    FirmwareReleaseBarred: deactivated,
    FirmwareRolloutStarted: inChannel((row, { version }) => ({ ...row, offered: and(row.offered, version) })),
  },
}
