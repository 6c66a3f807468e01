import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { expect } from 'chai'
import { manifestBytes } from '../commands/firmwareSignature.ts'
import type { Answered, Api } from './api.ts'
import { unique } from './system.ts'

export const firmwarePath = '/api/v1/firmware'

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
export const imageOf = (size = 2000) => randomBytes(size)
export const newModel = () => unique('xs')

export interface SigningKey {
  id: string
  privateKey: KeyObject
}

/** Registered for the facility, or for all of them. */
export async function newSigningKey(api: Api, facility_id?: string): Promise<SigningKey> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const public_key = publicKey.export({ type: 'spki', format: 'pem' })
  const answer = await api.post(`${firmwarePath}/keys`, { public_key, ...(facility_id && { facility_id }) })
  expect(answer.status, answer.bytes.toString()).to.equal(201)
  return { id: answer.body.id, privateKey }
}

/** The fields of a form for this image, signed. */
export function signed(image: Buffer, fields: Record<string, string>, { id, privateKey }: SigningKey) {
  const { device_model, version, min_version, security_version } = fields as {
    device_model: string
    version: string
  } & Record<string, string>
  const bytes = manifestBytes({
    ...{ device_model, version, size_bytes: image.length, sha256: sha256(image) },
    ...(min_version !== undefined && { min_version }),
    ...(security_version !== undefined && { security_version: Number(security_version) }),
  })
  return { ...fields, signature: sign(null, bytes, privateKey).toString('base64'), key_id: id }
}

/** What was made, once it is answered so. */
export async function made(asked: Promise<Answered>, status = 201): Promise<any> {
  const answer = await asked
  expect(answer.status, answer.bytes.toString()).to.equal(status)
  return answer.body
}

/** A release that may be activated. */
export async function published(api: Api, fields: Record<string, string>, image = imageOf()): Promise<{ id: string }> {
  const { id } = await made(api.form(firmwarePath, image, fields))
  return made(api.post(`${firmwarePath}/${id}/publish`), 200)
}
