import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import * as ApiKey from '../domain/apiKey.ts'
import * as Device from '../domain/device.ts'
import { Refusal } from '../domain/refusal.ts'
import { Id, line, Problem, ProblemDocument, type Route, route, Time, Uuid } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/apiKeys.ts'
import { activeDevice, activeFacility, onlyOwn } from './guards.ts'
import { derivedId, handle, load, type Outcome, replay } from './handle.ts'
import { answered, type Deps } from './http.ts'

const Issue = z.strictObject({
  name: line(200),
  facility_id: Uuid,
  device_id: Uuid.exactOptional(),
  scopes: z
    .array(shapes.Scope)
    .min(1)
    .max(3)
    .transform((scopes) => [...new Set(scopes)]),
  expires_at: Time.exactOptional(),
})

const Change = z.strictObject({ name: line(200).exactOptional() })

const longestOverlapSecs = 7 * 24 * 3600
const Rotation = z.strictObject({
  overlap_secs: z
    .int()
    .min(0)
    .max(longestOverlapSecs)
    .default(3600)
    .meta({ description: 'For how long the secret it had lets in still; 0: no longer' }),
})

const path = '/api/v1/api-keys'
const secretPattern = /^xyl_([0-9a-f]{32})_([A-Za-z0-9_-]{43})([0-9a-f]{8})$/

const checksum = (text: string) => crc32(text).toString(16).padStart(8, '0')
export const digest = (secret: string) => createHash('sha256').update(secret).digest('hex')

/** `xyl_<id>_<secret><crc>`: the checksum tells a mistyped key from a wrong one without asking anyone. */
export function keyText(id: string, secret: string): string {
  const body = `xyl_${id.replaceAll('-', '')}_${secret}`
  return body + checksum(body)
}

/** The key's id and secret; undefined when it is no key at all. */
export function parseKey(text: string): { id: string; secret: string } | undefined {
  const [, hex, secret, crc] = secretPattern.exec(text) ?? []
  if (hex === undefined || secret === undefined || checksum(text.slice(0, -8)) !== crc) return undefined
  return { id: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), secret }
}

/** The secret is in the answer only when it is the very one that was stored: a repeated request does not know it. */
function withSecret(status: 200 | 201, id: string, outcome: Outcome<ApiKey.State>, secret?: string) {
  const key = ApiKey.known(outcome.state)
  const shown: z.infer<typeof shapes.IssuedApiKey> = {
    id,
    ...(secret !== undefined && key.secret_sha256 === digest(secret) && { api_key: keyText(id, secret) }),
    name: key.name,
    facility_id: key.facility_id,
    device_id: key.device_id ?? null,
    scopes: [...key.scopes],
    expires_at: key.expires_at ?? null,
  }
  return answered(status, outcome, shown, status === 201 ? { Location: `${path}/${id}` } : {})
}

const shown = (id: string, state: ApiKey.State): z.infer<typeof shapes.ApiKey> => {
  const { name, facility_id, device_id, scopes, status, expires_at, issued_at } = ApiKey.known(state)
  return {
    id,
    name,
    facility_id,
    device_id: device_id ?? null,
    scopes: [...scopes],
    status,
    expires_at: expires_at ?? null,
    created_at: issued_at,
  }
}

const newSecret = () => randomBytes(32).toString('base64url')

export const apiKeys = ({ store, now }: Deps): Route[] => {
  /** A key that the caller may change. */
  async function keyOf(id: string, own: string | undefined) {
    const key = ApiKey.known((await load(store, ApiKey, id)).state)
    onlyOwn(key.facility_id, own)
    return key
  }

  /** Refuses where the device that a key is bound to no longer lets it in. */
  async function stillHere(deviceId: string, facilityId: string) {
    const device = Device.active((await load(store, Device, deviceId)).state)
    if (device.facility_id !== facilityId)
      throw new Refusal('device-moved', 'The device of this key has moved to another facility; issue a key there')
  }

  return [
    route<{}, {}, z.infer<typeof Issue>>({
      method: 'POST',
      path,
      permission: 'api-key:create',
      body: Issue,
      answers: { 201: shapes.IssuedApiKey, 400: ProblemDocument, 404: ProblemDocument, 409: ProblemDocument },
      run: async ({ body, intent, facility }) => {
        onlyOwn(body.facility_id, facility)
        const id = derivedId('api-key', intent.id)
        const done = await replay(store, ApiKey, id, intent)
        if (done) return withSecret(201, id, done)
        const issued_at = now()
        if (body.expires_at !== undefined && body.expires_at <= issued_at)
          throw new Problem('invalid_request', 'The body is not as expected', {
            errors: [{ path: 'body.expires_at', message: 'must be in the future' }],
          })
        await activeFacility(store, body.facility_id)
        if (body.device_id !== undefined) await activeDevice(store, body.device_id, body.facility_id)
        const secret = newSecret()
        const issue = ApiKey.issue({ ...body, secret_sha256: digest(secret), issued_at })
        const about = { ...intent, facility_id: body.facility_id }
        return withSecret(201, id, await handle(store, ApiKey, id, issue, about), secret)
      },
    }),
    route<{ id: string }, {}, z.infer<typeof Change>>({
      method: 'PATCH',
      path: `${path}/:id`,
      permission: 'api-key:change',
      params: Id,
      body: Change,
      answers: { 200: shapes.ApiKey, 404: ProblemDocument, 409: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id }, body: { name }, intent, facility }) => {
        const { facility_id, name: current } = await keyOf(id, facility)
        const rename = ApiKey.rename({ name: name ?? current, renamed_at: now() })
        const outcome = await handle(store, ApiKey, id, rename, { ...intent, facility_id })
        return answered(200, outcome, shown(id, outcome.state))
      },
    }),
    route<{ id: string }, {}, z.infer<typeof Rotation>>({
      method: 'POST',
      path: `${path}/:id/rotate`,
      permission: 'api-key:change',
      params: Id,
      body: Rotation,
      answers: { 200: shapes.IssuedApiKey, 404: ProblemDocument, 409: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id }, body: { overlap_secs }, intent, facility }) => {
        const { facility_id, device_id } = await keyOf(id, facility)
        const done = await replay(store, ApiKey, id, intent)
        if (done) return withSecret(200, id, done)
        await activeFacility(store, facility_id)
        if (device_id !== undefined) await stillHere(device_id, facility_id)
        const secret = newSecret()
        const at = now()
        const rotate = ApiKey.rotate({
          secret_sha256: digest(secret),
          previous_valid_until: new Date(Date.parse(at) + overlap_secs * 1000).toISOString(),
          rotated_at: at,
        })
        return withSecret(200, id, await handle(store, ApiKey, id, rotate, { ...intent, facility_id }), secret)
      },
    }),
    route<{ id: string }>({
      method: 'DELETE',
      path: `${path}/:id`,
      permission: 'api-key:revoke',
      params: Id,
      answers: { 204: z.null(), 404: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id }, intent, facility }) => {
        const { facility_id } = await keyOf(id, facility)
        const outcome = await handle(store, ApiKey, id, ApiKey.revoke({ revoked_at: now() }), {
          ...intent,
          facility_id,
        })
        return answered(204, outcome)
      },
    }),
  ]
}
