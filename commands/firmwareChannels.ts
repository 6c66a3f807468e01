import type { Scope } from '../domain/firmwareChannel.ts'
import { derivedId } from './handle.ts'

/** The stream's id of the one channel of a model in a facility, or everywhere. */
export const channelIdOf = ({ device_model, facility_id }: Scope) =>
  derivedId('firmwareChannel', device_model, facility_id ?? 'global')
