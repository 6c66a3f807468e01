import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import * as ApiKey from '../domain/apiKey.ts'
import { Id, line, ProblemDocument, type Route, route, Time, Uuid } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes.ts'
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

const path = '/api/v1/api-keys'
const secretPattern = /^xyl_([0-9a-f]{32})_([A-Za-z0-9_-]{43})([0-9a-f]{8})$/

const checksum = (text: string) => crc32(text).toString(16).padStart(8, '0')
export const digest = (secret: string) => createHash('sha256').update(secret).digest('hex')

/** `xyl_<id>_<secret><crc>`: the checksum tells a mistyped key from a wrong one without asking anyone. */
function keyText(id: string, secret: string): string {
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
function issued(id: string, outcome: Outcome<ApiKey.State>, secret?: string) {
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
  return answered(201, outcome, shown, { Location: `${path}/${id}` })
}

export const apiKeys = ({ store, now }: Deps): Route[] => [
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
      if (done) return issued(id, done)
      await activeFacility(store, body.facility_id)
      if (body.device_id !== undefined) await activeDevice(store, body.device_id, body.facility_id)
      const secret = randomBytes(32).toString('base64url')
      const issue = ApiKey.issue({ ...body, secret_sha256: digest(secret), issued_at: now() })
      return issued(id, await handle(store, ApiKey, id, issue, { ...intent, facility_id: body.facility_id }), secret)
    },
  }),
  route<{ id: string }>({
    method: 'DELETE',
    path: `${path}/:id`,
    permission: 'api-key:revoke',
    params: Id,
    answers: { 204: z.null(), 404: ProblemDocument, 412: ProblemDocument },
    run: async ({ params: { id }, intent, facility }) => {
      const { facility_id } = ApiKey.known((await load(store, ApiKey, id)).state)
      onlyOwn(facility_id, facility)
      const outcome = await handle(store, ApiKey, id, ApiKey.revoke({ revoked_at: now() }), { ...intent, facility_id })
      return answered(204, outcome)
    },
  }),
]
