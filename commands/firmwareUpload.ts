import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import type { Objects } from '../ops/platform/objects.ts'
import { line, lines, ProblemDocument, type Route, route, Uuid } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/firmware.ts'
import { path, releaseAnswer } from './firmwareAnswers.ts'
import { about, scopeOf } from './firmwareScope.ts'
import { checkSignature } from './firmwareSignature.ts'
import { compareVersions, Version } from './firmwareVersions.ts'
import { activeFacility } from './guards.ts'
import { derivedId, handle, load, type Outcome, replay } from './handle.ts'
import { canonical, type Deps } from './http.ts'
import type { Part } from './multipart.ts'
import { reserve } from './reserve.ts'
import { empty, nameOf, type Taken, takenFile } from './takenFile.ts'

const signatureBytes = 64
const Fields = z
  .strictObject({
    device_model: line(100),
    version: Version,
    facility_id: Uuid.exactOptional(),
    notes: lines(10_000).exactOptional(),
    min_version: Version.exactOptional().meta({ description: 'Devices that run something older are not offered it' }),
    security_version: z
      .string()
      .regex(/^\d{1,9}$/, 'must be a whole number')
      .transform(Number)
      .exactOptional()
      .meta({ description: 'Never goes down in a channel, nor on a device; 0 where absent' }),
    signature: z
      .base64()
      .refine((text) => Buffer.from(text, 'base64').length === signatureBytes, 'must be an Ed25519 signature in base64')
      .exactOptional(),
    key_id: Uuid.exactOptional(),
  })
  .refine(({ signature, key_id }) => (signature === undefined) === (key_id === undefined), {
    path: ['key_id'],
    message: 'must come with a signature, and a signature with it',
  })
  .refine(({ version, min_version = version }) => compareVersions(min_version, version) <= 0, {
    path: ['min_version'],
    message: 'must not be newer than the release',
  })

export const firmwareUpload = ({
  store,
  objects,
  maxBytes,
  now,
}: Deps & { objects: Objects; maxBytes: number }): Route => {
  async function take(prefix: string, part: Part): Promise<Taken> {
    const object_key = `${prefix}/${randomUUID()}`
    const stored = await objects.put(object_key, part.bytes, 'application/octet-stream')
    return { object_key, file_name: nameOf(part, 'firmware.bin'), ...stored }
  }

  return route({
    method: 'POST',
    path,
    permission: 'firmware:create',
    multipart: Fields,
    answers: {
      201: shapes.FirmwareRelease,
      400: ProblemDocument,
      404: ProblemDocument,
      409: ProblemDocument,
      413: ProblemDocument,
      415: ProblemDocument,
    },
    run: ({ facility: own, intent, raw, stillLetIn, signal }) => {
      const id = derivedId('firmwareRelease', intent.id)
      const made = async (outcome: Outcome<FirmwareRelease.State>) => {
        const { object_key } = FirmwareRelease.known(outcome.state)
        return { answer: await releaseAnswer(store, 201, id, outcome), object_key }
      }
      return takenFile(
        { objects, maxBytes },
        { raw, stillLetIn, signal },
        Fields,
        (part) => take(`firmware/${id}`, part),
        async ({ fields: { facility_id, ...fields }, words, taken }, appending) => {
          if (taken.size_bytes === 0) throw empty()
          const scope = scopeOf(facility_id, own)
          const asked = about({ ...intent, hash: store.sealing.digest(canonical([words, taken.sha256])) }, scope)
          const done = await replay(store, FirmwareRelease, id, asked)
          if (done) return made(done)
          if (scope.facility_id !== undefined) await activeFacility(store, scope.facility_id)
          const data = { ...fields, ...scope, ...taken, uploaded_at: now() }
          await checkSignature(store, data)
          const upload = FirmwareRelease.upload(data)
          upload((await load(store, FirmwareRelease, id)).state)
          const name = derivedId('firmwareVersion', data.device_model, scope.facility_id ?? 'global', data.version)
          await reserve(store, { kind: 'firmwareVersion', name, owner_id: id, at: data.uploaded_at }, asked)
          return made(await appending(() => handle(store, FirmwareRelease, id, upload, asked)))
        },
      )
    },
  })
}
