import { rmSync } from 'node:fs'
import { expect } from 'chai'
import { startStack } from '../ops/embedded/stack.ts'
import { eventually } from './eventually.ts'
import { type System, temporaryDataDir, unique } from './system.ts'

const provide = { eventStore: false, database: false, bus: false, objects: false, inference: true }
const secrets = { s3AccessKey: 'a', s3SecretKey: 's', eventStoreUser: 'u', eventStorePassword: 'p', natsToken: 't' }
const path = '/api/v1/gpu-servers'

/** The inference server that comes with the product, in a process of its own, once this system knows it and has found it healthy. */
export async function embeddedInference({ admin }: System): Promise<{ id: string; stop: () => Promise<void> }> {
  const dataDir = temporaryDataDir()
  const given = { dataDir, provide, secrets: { ...secrets, postgresPassword: 'p' }, paths: {}, log: () => {} }
  const stack = await startStack(given)
  const wanted = { name: unique('embedded'), url: stack.addresses.INFERENCE_URL, max_concurrency: 2 }
  const { body, status } = await admin.post(path, wanted)
  expect(status).to.equal(201)
  await eventually(async () => expect((await admin.get(`${path}/${body.id}`)).body.health).to.equal('up'))
  const stop = async () => {
    await admin.delete(`${path}/${body.id}`)
    await stack.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return { id: body.id as string, stop }
}
