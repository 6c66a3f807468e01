import { randomBytes, randomUUID } from 'node:crypto'
import { once, setMaxListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { expect } from 'chai'
import { digest } from '../../commands/apiKeys.ts'
import * as ApiKey from '../../domain/apiKey.ts'
import * as Device from '../../domain/device.ts'
import * as Facility from '../../domain/facility.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { followStreams } from '../../ops/server/followed.ts'
import { createKeyring } from '../../ops/server/keyring.ts'
import { RunningStore } from '../embedded/eventstore/running.ts'
import { eventually } from '../eventually.ts'
import { specLog } from '../system.ts'

const at = '2026-11-24T09:00:00.000Z'

describe('the keyring at the door', () => {
  let server: RunningStore
  let store: EventStore
  const controller = new AbortController()
  const following: Promise<unknown>[] = []
  setMaxListeners(0, controller.signal)
  before(async () => {
    server = await RunningStore.start()
    const url = `esdb://127.0.0.1:${server.port}?tls=false`
    store = connectEventStore({ url, secret: 'of the spec, long enough to be one', personalFields: () => undefined })
  })
  after(async () => {
    controller.abort()
    await Promise.all(following)
    await store.close()
    await server.remove()
  })

  /** A keyring of one instance; `reads` are the streams it has read so far, `used` the keys it was told of. A deaf one hears of nothing. */
  async function instance({ isDeaf = false } = {}) {
    const [reads, used]: [string[], string[]] = [[], []]
    const watched: EventStore = {
      ...store,
      read: (stream, options) => {
        reads.push(stream)
        return store.read(stream, options)
      },
      follow: async function* (options) {
        for await (const events of store.follow(options)) {
          if (isDeaf) await once(controller.signal, 'abort')
          yield events
        }
      },
    }
    const { signal } = controller
    const followed = followStreams({ store: watched, deciders: [ApiKey, Device, Facility], log: specLog, signal })
    following.push(followed.done)
    await followed.ready
    const keyring = createKeyring(followed, (id) => used.push(id))
    const shows = async (text: string) => {
      try {
        return (await keyring.bearerOf(text)) ? 'let in' : 'kept out'
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    return { shows, bearerOf: keyring.bearerOf, reads, used }
  }

  const revisions = new Map<string, number>()
  async function append(stream: string, type: string, data: object) {
    const last = revisions.get(stream)
    const event = { id: randomUUID(), type, data, metadata: { schema: 1 } }
    revisions.set(stream, (await store.append(stream, [event], last ?? 'no_stream')).revision)
  }

  const text = (id: string, secret: string) => {
    const body = `xyl_${id.replaceAll('-', '')}_${secret}`
    return body + crc32(body).toString(16).padStart(8, '0')
  }
  const newSecret = () => randomBytes(32).toString('base64url')

  async function newKey(more: object = {}) {
    const [id, facility_id, device_id] = [randomUUID(), randomUUID(), randomUUID()]
    const secret = newSecret()
    const issued = { name: 'k', facility_id, device_id, scopes: ['heartbeat'], issued_at: at, ...more }
    await append(`facility-${facility_id}`, 'FacilityRegistered', { name: 'F', code: 'f', registered_at: at })
    const device = { facility_id, name: 'D', serial: id, model: 'm', registered_at: at }
    await append(`device-${device_id}`, 'DeviceRegistered', device)
    await append(`apiKey-${id}`, 'ApiKeyIssued', { ...issued, secret_sha256: digest(secret) })
    return { id, facility_id, device_id, text: text(id, secret) }
  }
  type Key = Awaited<ReturnType<typeof newKey>>

  it('knows whose key it is, and reads nothing more for those it has seen', async () => {
    const { bearerOf, reads, used } = await instance()
    const key = await newKey()
    const caller = { kind: 'device', id: key.device_id, key_id: key.id, device_id: key.device_id }
    expect(await bearerOf(key.text)).to.deep.equal({ ...caller, facility_id: key.facility_id, scopes: ['heartbeat'] })
    expect(reads).to.have.members([`apiKey-${key.id}`, `facility-${key.facility_id}`, `device-${key.device_id}`])
    for (let n = 0; n < 100; n++) await bearerOf(key.text)
    expect(reads).to.have.length(3)
    expect(used).to.deep.equal(Array.from({ length: 101 }, () => key.id))
  })

  it('reads a stream once for however many ask at once', async () => {
    const { shows, reads } = await instance()
    const key = await newKey()
    const answers = await Promise.all(Array.from({ length: 50 }, () => shows(key.text)))
    expect(new Set(answers)).to.deep.equal(new Set(['let in']))
    expect(reads).to.have.length(3)
  })

  it('keeps out who has the id but not the secret, or no key at all', async () => {
    const { shows, used, reads } = await instance()
    const key = await newKey()
    expect(await shows(text(key.id, newSecret()))).to.equal('kept out')
    expect(await shows(text(randomUUID(), newSecret()))).to.equal('kept out')
    const before = reads.length
    for (const none of ['', 'xyl_', key.text.slice(0, -1), `${key.text} `, key.text.toUpperCase()])
      expect(await shows(none), none).to.equal('kept out')
    expect(reads, 'what is no key is not looked for').to.have.length(before)
    expect(used).to.be.empty
  })

  it('asks before it looks for a key it has not met, and for no other', async () => {
    const { bearerOf, reads } = await instance()
    const [met, unmet] = [await newKey(), await newKey()]
    const no = () => Promise.reject(new Error('no more for this network'))
    await bearerOf(met.text)
    const before = reads.length
    for (const unknown of [unmet.text, text(randomUUID(), newSecret())])
      expect(await bearerOf(unknown, no).catch((error: Error) => error.message)).to.equal('no more for this network')
    expect(reads).to.have.length(before)
    expect(await bearerOf(met.text, no)).to.include({ key_id: met.id })
    expect(await bearerOf(unmet.text, () => Promise.resolve())).to.include({ key_id: unmet.id })
  })

  it('is not brought down by thousands of made-up keys', async function () {
    this.timeout(60_000)
    const { shows } = await instance()
    const key = await newKey()
    let left = 4000
    const seen = new Set<string>()
    const stranger = async () => {
      while (left-- > 0) seen.add(await shows(text(randomUUID(), newSecret())))
    }
    await Promise.all(Array.from({ length: 64 }, stranger))
    expect([...seen]).to.deep.equal(['kept out'])
    expect(await shows(key.text)).to.equal('let in')
  })

  const revoked = (key: Key) => append(`apiKey-${key.id}`, 'ApiKeyRevoked', { revoked_at: at })
  const endings: Record<string, (key: Key) => Promise<void>> = {
    'that was revoked': revoked,
    'of a device that was decommissioned': ({ device_id }) =>
      append(`device-${device_id}`, 'DeviceDecommissioned', { decommissioned_at: at }),
    'of a device that was moved to another facility': ({ device_id }) =>
      append(`device-${device_id}`, 'DeviceMovedToFacility', { facility_id: randomUUID(), moved_at: at }),
    'of a facility that was deactivated': ({ facility_id }) =>
      append(`facility-${facility_id}`, 'FacilityDeactivated', { deactivated_at: at }),
  }
  for (const [which, end] of Object.entries(endings))
    it(`keeps out a key ${which}, on every instance within a second`, async () => {
      const instances = [await instance(), await instance()]
      const [key, other] = [await newKey(), await newKey()]
      for (const { shows } of instances) expect([await shows(key.text), await shows(other.text)]).to.deep.equal(letIn)
      await end(key)
      for (const { shows } of instances)
        await eventually(async () => expect(await shows(key.text)).to.equal('kept out'), 1000)
      for (const { shows } of instances) expect(await shows(other.text)).to.equal('let in')
      expect(await (await instance()).shows(key.text), 'one that never saw it').to.equal('kept out')
    })
  const letIn = ['let in', 'let in']

  it('lets in at once by the new secret, and by the old one until its time is over', async () => {
    const { shows } = await instance()
    const key = await newKey()
    expect(await shows(key.text)).to.equal('let in')
    const secret = newSecret()
    const over = Date.now() + 400
    const valid = { previous_valid_until: new Date(over).toISOString(), rotated_at: at }
    await append(`apiKey-${key.id}`, 'ApiKeyRotated', { ...valid, secret_sha256: digest(secret) })
    expect(await shows(text(key.id, secret))).to.equal('let in')
    for (let seen = 'let in'; seen === 'let in';) {
      await turn()
      const asked = Date.now()
      seen = await shows(key.text)
      if (seen === 'let in') expect(asked, 'let in too late').to.be.lessThan(over)
      else expect(Date.now(), 'kept out too early').to.be.at.least(over)
    }
    expect(await shows(text(key.id, secret))).to.equal('let in')
  })

  it('lets in at once by a new secret that it has not heard of, and by what is back', async () => {
    const { shows } = await instance({ isDeaf: true })
    const [rotated, back] = [await newKey(), await newKey()]
    const facility = `facility-${back.facility_id}`
    await append(facility, 'FacilityDeactivated', { deactivated_at: at })
    expect([await shows(rotated.text), await shows(back.text)]).to.deep.equal(['let in', 'kept out'])
    const secret = newSecret()
    const rotation = { secret_sha256: digest(secret), previous_valid_until: at, rotated_at: at }
    await append(`apiKey-${rotated.id}`, 'ApiKeyRotated', rotation)
    expect(await shows(text(rotated.id, secret))).to.equal('let in')
    expect(await shows(rotated.text)).to.equal('kept out')
    await append(facility, 'FacilityReactivated', { reactivated_at: at })
    expect(await shows(back.text)).to.equal('let in')
  })

  it('lets in at once by a key that was asked for before it was there', async () => {
    const { shows } = await instance()
    const key = await newKey()
    const [id, secret] = [randomUUID(), newSecret()]
    expect(await shows(text(id, secret))).to.equal('kept out')
    const { facility_id } = key
    await append(`apiKey-${id}`, 'ApiKeyIssued', {
      ...{ name: 'k', facility_id, scopes: ['upload'], issued_at: at },
      secret_sha256: digest(secret),
    })
    expect(await shows(text(id, secret))).to.equal('let in')
  })

  it('lets in again by the keys of a facility that is reactivated', async () => {
    const { shows } = await instance()
    const key = await newKey()
    await append(`facility-${key.facility_id}`, 'FacilityDeactivated', { deactivated_at: at })
    expect(await shows(key.text)).to.equal('kept out')
    await append(`facility-${key.facility_id}`, 'FacilityReactivated', { reactivated_at: at })
    expect(await shows(key.text)).to.equal('let in')
  })

  it('keeps out from the millisecond a key expires', async () => {
    const over = Date.now() + 400
    const { shows } = await instance()
    const key = await newKey({ expires_at: new Date(over).toISOString() })
    for (let seen = 'let in'; seen === 'let in';) {
      await turn()
      const asked = Date.now()
      seen = await shows(key.text)
      if (seen === 'let in') expect(asked, 'let in too late').to.be.lessThan(over)
      else expect(Date.now(), 'kept out too early').to.be.at.least(over)
    }
  })

  it('lets nobody in while nothing can be heard of revocations, and goes on by itself', async () => {
    const { shows } = await instance()
    const [key, other] = [await newKey(), await newKey()]
    expect([await shows(key.text), await shows(other.text)]).to.deep.equal(letIn)
    await server.end('SIGKILL')
    await eventually(async () => expect(await shows(other.text)).to.equal('unavailable'))
    server = await RunningStore.start({ dir: server.dir, args: ['--port', String(server.port)] })
    await eventually(() => revoked(key))
    await eventually(async () =>
      expect([await shows(key.text), await shows(other.text)]).to.deep.equal(['kept out', 'let in']),
    )
  })
})
