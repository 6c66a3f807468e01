import { createPublicKey } from 'node:crypto'
import { z } from 'zod'
import * as FirmwareKey from '../domain/firmwareKey.ts'
import { Id, line, Problem, ProblemDocument, type Route, route, Uuid } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/firmware.ts'
import { path } from './firmwareAnswers.ts'
import { about, type FacilityScope, scopeOf } from './firmwareScope.ts'
import { activeFacility } from './guards.ts'
import { derivedId, handle, type Outcome, replay } from './handle.ts'
import { answered, type Deps } from './http.ts'

const Registration = z.strictObject({
  facility_id: Uuid.exactOptional(),
  name: line(200).exactOptional(),
  public_key: z.string().max(1000).meta({ description: 'Ed25519, SPKI in PEM' }),
})
const Retirement = z.strictObject({
  facility_id: Uuid.exactOptional().meta({
    description: 'Whose key it is; absent: one’s own, for a super_admin the one for every facility',
  }),
})

/** In the one way to write it: the same key is the same text. A private key is refused, so that none is ever kept. */
function publicKey(pem: string): string {
  try {
    if (!/^\s*-----BEGIN PUBLIC KEY-----/.test(pem)) throw new Error('not a public key')
    const key = createPublicKey(pem)
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('another algorithm')
    return key.export({ type: 'spki', format: 'pem' }).toString()
  } catch {
    throw new Problem('invalid_request', 'The body is not as expected', {
      errors: [{ path: 'body.public_key', message: 'must be an Ed25519 public key in PEM' }],
    })
  }
}

const streamIdOf = ({ facility_id }: FacilityScope) => facility_id ?? FirmwareKey.globalScope

function answer(status: 200 | 201, id: string, { facility_id }: FacilityScope, outcome: Outcome<FirmwareKey.State>) {
  const { name, public_key, status: standing, added_at } = outcome.state[id]!
  const shown: z.infer<typeof shapes.FirmwareKey> = {
    id,
    facility_id: facility_id ?? null,
    name: name ?? null,
    public_key,
    status: standing,
    created_at: added_at,
  }
  return answered(status, outcome, shown)
}

/** Rotating: add the next one, sign with it, retire the one before. */
export const firmwareKeys = ({ store, now }: Deps): Route[] => [
  route<{}, {}, z.infer<typeof Registration>>({
    method: 'POST',
    path: `${path}/keys`,
    permission: 'firmware-key:change',
    body: Registration,
    answers: { 201: shapes.FirmwareKey, 400: ProblemDocument, 404: ProblemDocument, 409: ProblemDocument },
    run: async ({ body: { facility_id, name, public_key }, intent, facility }) => {
      const scope = scopeOf(facility_id, facility)
      const [id, asked] = [derivedId('firmwareKey', intent.id), about(intent, scope)]
      const done = await replay(store, FirmwareKey, streamIdOf(scope), asked)
      if (done) return answer(201, id, scope, done)
      const key = { key_id: id, ...scope, ...(name !== undefined && { name }), public_key: publicKey(public_key) }
      if (scope.facility_id !== undefined) await activeFacility(store, scope.facility_id)
      const add = FirmwareKey.add({ ...key, added_at: now() })
      return answer(201, id, scope, await handle(store, FirmwareKey, streamIdOf(scope), add, asked))
    },
  }),
  route<{ id: string }, {}, z.infer<typeof Retirement>>({
    method: 'POST',
    path: `${path}/keys/:id/retire`,
    permission: 'firmware-key:change',
    params: Id,
    body: Retirement,
    answers: { 200: shapes.FirmwareKey, 404: ProblemDocument, 412: ProblemDocument },
    run: async ({ params: { id }, body: { facility_id }, intent, facility }) => {
      const scope = scopeOf(facility_id, facility)
      const retire = FirmwareKey.retire({ key_id: id, retired_at: now() })
      const outcome = await handle(store, FirmwareKey, streamIdOf(scope), retire, about(intent, scope))
      return answer(200, id, scope, outcome)
    },
  }),
]
