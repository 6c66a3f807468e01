import { LRUCache } from 'lru-cache'
import type { Scope } from '../domain/firmwareChannel.ts'
import { derivedId } from './handle.ts'

/** By facility and model. A derived id is a SHA-1, and each check of a device asks for two. */
const remembered = new LRUCache<string, string>({ max: 10_000 })

/** The stream's id of the one channel of a model in a facility, or everywhere. */
export function channelIdOf({ device_model, facility_id = 'global' }: Scope): string {
  const scope = `${facility_id}\0${device_model}`
  const known = remembered.get(scope)
  if (known !== undefined) return known
  const id = derivedId('firmwareChannel', device_model, facility_id)
  remembered.set(scope, id)
  return id
}
