import { apiKeys } from './apiKeys.ts'
import { audit } from './audit.ts'
import { deviceFirmware } from './deviceFirmware.ts'
import { devices } from './devices.ts'
import type { AnyProjection } from './engine/projection.ts'
import { facilities } from './facilities.ts'
import { firmwareChannels } from './firmwareChannels.ts'
import { firmwareKeys } from './firmwareKeys.ts'
import { firmwareReleases } from './firmwareReleases.ts'
import { firmwareRolloutDevices } from './firmwareRolloutDevices.ts'
import { firmwareRollouts } from './firmwareRollouts.ts'
import { gpuServers } from './gpuServers.ts'
import { inferenceJobs } from './inferenceJobs.ts'
import { resourceEvents } from './resourceEvents.ts'
import { sessions } from './sessions.ts'
import { tags } from './tags.ts'
import { transcodeJobs } from './transcodeJobs.ts'
import { uploads } from './uploads.ts'
import { users } from './users.ts'

/** Every read model that is followed live. A new one is a migration, a file and a line here. */
export const projections: readonly AnyProjection[] = [
  facilities,
  users,
  sessions,
  apiKeys,
  devices,
  deviceFirmware,
  tags,
  uploads,
  transcodeJobs,
  inferenceJobs,
  firmwareReleases,
  firmwareChannels,
  firmwareKeys,
  firmwareRollouts,
  firmwareRolloutDevices,
  gpuServers,
  resourceEvents,
  audit,
]

/** Whether that version is the one that this release builds and shows. */
export const isWanted = (name: string, version: number): boolean =>
  projections.some((one) => one.name === name && one.version === version)
