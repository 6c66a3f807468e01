import { createPublicKey, verify } from 'node:crypto'
import * as FirmwareKey from '../domain/firmwareKey.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { Problem } from '../ops/platform/route.ts'
import type { FacilityScope } from './firmwareScope.ts'
import { load } from './handle.ts'
import { canonical } from './http.ts'

/** What is signed of a release. */
export interface Manifest {
  device_model: string
  version: string
  size_bytes: number
  sha256: string
  min_version?: string
  security_version?: number
}

export interface Signed extends Manifest, FacilityScope {
  /** Ed25519 in base64, with the id of its key. */
  signature?: string
  key_id?: string
}

/** The very bytes that are signed: JSON with sorted keys, without white space and without what is absent, in UTF-8. */
export const manifestBytes = ({ device_model, version, size_bytes, sha256, min_version, security_version }: Manifest) =>
  Buffer.from(canonical({ device_model, version, size_bytes, sha256, min_version, security_version }))

/** Those that releases of this scope are signed with: the facility's own where it has any, else those for every facility. */
async function keysOf(store: EventStore, { facility_id }: FacilityScope): Promise<ReadonlyMap<string, string>> {
  const keysIn = async (scope: string) => FirmwareKey.signing((await load(store, FirmwareKey, scope)).state)
  const own = facility_id === undefined ? undefined : await keysIn(facility_id)
  return own && own.size > 0 ? own : keysIn(FirmwareKey.globalScope)
}

/**
 * Refuses a release that is not signed by a key that is active in its scope now; where there is none, one without a signature will do, and one
 * with a signature nobody could check will not.
 */
export async function checkSignature(store: EventStore, release: Signed): Promise<void> {
  const { signature, key_id } = release
  const keys = await keysOf(store, release)
  if (signature === undefined || key_id === undefined) {
    if (keys.size === 0) return
    throw new Problem('signature_required', `Sign the manifest with one of the keys ${[...keys.keys()].join(', ')}`)
  }
  const key = keys.get(key_id)
  if (key === undefined) throw new Problem('signing_key_unknown', 'Releases of this scope are not signed with this key')
  if (!verify(null, manifestBytes(release), createPublicKey(key), Buffer.from(signature, 'base64')))
    throw new Problem('signature_invalid', 'The signature does not fit the manifest of this release')
}
