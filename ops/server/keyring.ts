import { timingSafeEqual } from 'node:crypto'
import { digest, parseKey } from '../../commands/apiKeys.ts'
import * as ApiKey from '../../domain/apiKey.ts'
import * as Device from '../../domain/device.ts'
import * as Facility from '../../domain/facility.ts'
import { type Caller, Problem } from '../platform/route.ts'
import type { Followed } from './followed.ts'

export interface Keyring {
  /**
   * Who shows this key; undefined: it is none, or lets in no more. Throws a 503 problem while revocations cannot be heard of: it never fails
   * open. `beforeLooking` is asked before the store is, for a key that this instance has not met: anybody can make those up; it throws where
   * the store is not to be asked.
   */
  bearerOf(text: string, beforeLooking?: () => Promise<unknown>): Promise<Caller | undefined>
}

type Find = Followed['state']

/**
 * API keys by the id inside them: found in their own streams, as their facilities and devices are. Who would be refused by what was heard is
 * looked up once more: what was just made, rotated or reactivated lets in at once.
 * @param used is told the id of each key that let somebody in
 */
export function createKeyring(followed: Followed, used: (keyId: string) => void): Keyring {
  return {
    bearerOf: async (text, beforeLooking) => {
      const since = performance.now()
      const parsed = parseKey(text)
      if (!parsed) return undefined
      if (!followed.isCurrent())
        throw new Problem('unavailable', 'API keys cannot be checked right now', { headers: { 'Retry-After': '1' } })
      const presented = { id: parsed.id, secret_sha256: Buffer.from(digest(parsed.secret), 'hex') }
      if (!followed.hasMet(ApiKey, parsed.id)) await beforeLooking?.()
      const stored: Find = (decider, id) => followed.refreshed(decider, id, since)
      const caller = (await holder(presented, followed.state)) ?? (await holder(presented, stored))
      if (caller) used(parsed.id)
      return caller
    },
  }
}

async function holder(presented: { id: string; secret_sha256: Buffer }, find: Find): Promise<Caller | undefined> {
  const { id, secret_sha256 } = presented
  const key = await find(ApiKey, id)
  const acceptable = ApiKey.acceptable(key, new Date().toISOString())
  const matches = acceptable.some((known) => timingSafeEqual(Buffer.from(known, 'hex'), secret_sha256))
  if (key.status === 'unknown' || !matches) return undefined
  const { device_id, facility_id, scopes } = key
  if ((await find(Facility, facility_id)).status !== 'active') return undefined
  if (device_id === undefined) return { kind: 'device', id, key_id: id, facility_id, scopes }
  const device = await find(Device, device_id)
  // A device that was moved needs a key of where it is now.
  if (device.status !== 'active' || device.facility_id !== facility_id) return undefined
  return { kind: 'device', id: device_id, key_id: id, facility_id, scopes, device_id }
}
