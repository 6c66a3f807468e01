import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { bucketOf } from '../../domain/firmwareRollout.ts'
import { expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { eventually } from '../eventually.ts'
import { activate, at, inChannel, newRelease, newSensor, type Release } from '../firmwareOfDevices.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

describe('firmware of devices', function () {
  this.timeout(60_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let device_model: string
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
  })
  beforeEach(() => void (device_model = unique('xs')))

  const sensor = () => newSensor(system, facility.id, device_model)
  const release = (more: Partial<Parameters<typeof newRelease>[1]> = {}) =>
    newRelease(system, { device_model, facility_id: facility.id, ...more })
  const firmwareEvents = async (id: string) =>
    (await system.store.read(`deviceFirmware-${id}`)).map(({ type, data }) => ({ type, ...data }))
  const plan = {
    ladder: [5, 100],
    dwell_secs: 60,
    advance: 'manual',
    success_percent: 90,
    // The worker that watches leaves these alone: what happens to them is written here.
    halt: { min_devices: 1_000_000, failure_percent: 100 },
  }
  const startRollout = (one: Release, rollout_id: string, percent: number) =>
    inChannel(system, one, ['FirmwareRolloutStarted', { ...plan, rollout_id, percent, started_at: at() }])

  describe('a check', () => {
    it('tells what to install, and where its image is', async () => {
      const [device, signed] = [await sensor(), { signature: 'c2ln', key_id: randomUUID() }]
      expect((await device.check('1.0.0')).status).to.equal(204)
      const active = await release(signed)
      await activate(system, active)
      await eventually(async () => expect((await device.check('1.0.0')).status).to.equal(200))
      expect((await device.check('1.0.0')).body).to.deep.equal({
        release_id: active.id,
        version: '2.0.0',
        size_bytes: 1000,
        sha256: active.sha256,
        ...signed,
        image_url: `/api/v1/firmware/${active.id}/image`,
      })
      expect((await device.check('2.0.0')).status, 'it runs it').to.equal(204)
    })

    it('hears of what changes: another release, a rollback, a withdrawal', async () => {
      const device = await sensor()
      const tells = (version: string | undefined, running = '1.0.0') =>
        eventually(async () => expect((await device.check(running)).body?.version).to.equal(version))
      const [first, second] = [await release(), await release({ version: '2.1.0' })]
      await activate(system, first)
      await tells('2.0.0')
      await activate(system, second)
      await tells('2.1.0')
      await inChannel(system, first, ['FirmwareRolledBack', { reason: 'deaf', rolled_back_at: at() }])
      await tells('2.0.0', '2.1.0')
      const barred = { was_active: true, reason: 'smoke', barred_at: at() }
      await inChannel(system, first, ['FirmwareReleaseBarred', barred])
      await tells(undefined)
    })

    it('is answered by the channel of its model in its facility, else by everybody’s', async () => {
      const [device, other] = [await sensor(), await newFacility(system)]
      const global = await newRelease(system, { device_model, version: '3.0.0' })
      const elsewhere = await newSensor(system, other.id, device_model)
      const anotherModel = await newSensor(system, facility.id, unique('ys'))
      await activate(system, global)
      for (const { check } of [device, elsewhere])
        await eventually(async () => expect((await check('1.0.0')).body?.release_id).to.equal(global.id))
      const own = await release()
      await activate(system, own)
      await eventually(async () => expect((await device.check('1.0.0')).body.release_id).to.equal(own.id))
      expect((await elsewhere.check('1.0.0')).body.release_id).to.equal(global.id)
      expect((await anotherModel.check('1.0.0')).status).to.equal(204)
    })

    it('heeds gates that the device told to be below', async () => {
      const device = await sensor()
      const gates = { min_battery_mv: 3600, external_power: true, min_free_bytes: 5000 }
      const rollout = { ...plan, gates, rollout_id: randomUUID(), percent: 100, started_at: at() }
      await inChannel(system, await release(), ['FirmwareRolloutStarted', rollout])
      await eventually(async () => expect((await device.check('1.0.0')).status).to.equal(200))
      for (const told of ['&battery_mv=3599', '&external_power=false', '&free_bytes=4999'])
        expect((await device.check('1.0.0', told)).status, told).to.equal(204)
      const enough = '&battery_mv=3600&external_power=true&free_bytes=5000'
      expect((await device.check('1.0.0', enough)).status).to.equal(200)
    })

    it('is an event where the version has changed, one for each change, and none else', async () => {
      const device = await sensor()
      for (const version of ['1.0.0', '1.0.0', '1.1.0', '1.1.0']) await device.check(version)
      const observed = await firmwareEvents(device.id)
      expect(observed.map(({ type }) => type)).to.deep.equal(['FirmwareVersionObserved', 'FirmwareVersionObserved'])
      const { metadata } = (await system.store.read(`deviceFirmware-${device.id}`))[0]!
      expect(metadata).to.deep.include({ actor: { kind: 'device', id: device.id }, facility_id: facility.id })
      const beat = (firmware_version: string) => device.api.post('/api/v1/devices/heartbeat', { firmware_version })
      expect(
        await appendedDuring(system.store, async () => {
          await Promise.all(Array.from({ length: 50 }, () => device.check('1.1.0')))
          // However it says so, here and there.
          for (const said of ['1.1.0', 'v1.1.0', '1.1.0+build.7'])
            for (const { status } of [await beat(said), await device.check(said)]) expect(status).to.equal(204)
        }),
      ).to.deep.equal([])
    })

    it('asks nothing of Postgres', async () => {
      const device = await sensor()
      await activate(system, await release())
      await eventually(async () => expect((await device.check('1.0.0')).status).to.equal(200))
      const count = async () =>
        Number(
          (await system.database.query('select xact_commit from pg_stat_database where datname = current_database()'))
            .rows[0].xact_commit,
        )
      // The read models are at work on what other specs have appended; once they have, nobody asks anything.
      await eventually(async () => {
        const before = await count()
        await Promise.all(Array.from({ length: 500 }, () => device.check('1.0.0')))
        expect((await count()) - before).to.be.below(250)
      })
    })

    it('that says nonsense is refused, and leaves nothing behind', async () => {
      const device = await sensor()
      const found = await appendedDuring(system.store, async () => {
        for (const version of [
          '',
          ' ',
          '1',
          '1.2',
          '01.2.3',
          '1.2.3.4',
          'latest',
          'x'.repeat(101),
          '1.0.0\0',
          '1.0.0\n2',
        ])
          expectProblem(await device.check(version), 400, 'invalid_request')
        for (const told of [
          '&battery_mv=',
          '&battery_mv=%20',
          '&battery_mv=1e3',
          '&battery_mv=0x10',
          '&free_bytes=',
          '&battery_mv=-1',
          '&battery_mv=1.5',
          '&battery_mv=full',
          '&battery_mv=1000001',
          '&external_power=1',
          '&free_bytes=-1',
          '&free_bytes=9007199254740993',
          '&nonsense=1',
          '&current_version=1.0.0',
        ])
          expectProblem(await device.check('1.0.0', told), 400, 'invalid_request')
        expectProblem(await device.api.get('/api/v1/firmware/check'), 400, 'invalid_request')
      })
      expect(found).to.deep.equal([])
    })

    it('is of the device that the key is bound to, and needs the scope', async () => {
      const body = { name: 'all', facility_id: facility.id, scopes: ['firmware'] }
      const { api_key } = (await system.admin.post('/api/v1/api-keys', body)).body
      const unbound = system.as({ 'X-API-Key': api_key })
      const check = '/api/v1/firmware/check?current_version=1.0.0'
      const report = { release_id: randomUUID(), outcome: 'installed' }
      expectProblem(await unbound.get(check), 403, 'device_key_required')
      expectProblem(await unbound.post('/api/v1/firmware/report', report), 403, 'device_key_required')
      expectProblem(await system.as({}).get(check), 401, 'unauthenticated')
      for (const api of [facility.sensor, system.admin, facility.user.api]) {
        expectProblem(await api.get(check), 403, 'forbidden')
        expectProblem(await api.post('/api/v1/firmware/report', report), 403, 'forbidden')
      }
    })
  })

  describe('a report', () => {
    const expected = (one: Release, more: object) => ({
      type: 'FirmwareInstallReported',
      release_id: one.id,
      version: one.version,
      device_model,
      facility_id: facility.id,
      attempt: 1,
      ...more,
    })
    const reports = async (id: string) =>
      (await firmwareEvents(id))
        .filter(({ type }) => type === 'FirmwareInstallReported')
        .map(({ reported_at: _, ...rest }: Record<string, unknown>) => rest)

    it('says what became of a release; what was installed, runs', async () => {
      const [device, one] = [await sensor(), await release()]
      await activate(system, one)
      await device.check('1.0.0')
      const failed = { release_id: one.id, outcome: 'failed', kind: 'verify', detail: 'sha256 is another' }
      const answer = await device.report(failed)
      expect(answer.status).to.equal(204)
      expect(answer.headers.get('Event-Position')).to.match(/^\d+$/)
      expect((await device.report({ release_id: one.id, outcome: 'installed' })).status).to.equal(204)
      const { outcome, kind, detail } = failed
      expect(await reports(device.id)).to.deep.equal([
        expected(one, { outcome, kind, detail }),
        expected(one, { outcome: 'installed' }),
      ])
      expect((await firmwareEvents(device.id)).at(-1)).to.include({ type: 'FirmwareVersionObserved', version: '2.0.0' })
    })

    it('of a failure ends the offer at once, until it is tried anew', async () => {
      const [device, one] = [await sensor(), await release()]
      await activate(system, one)
      await eventually(async () => expect((await device.check('1.0.0')).status).to.equal(200))
      await device.report({ release_id: one.id, outcome: 'failed', kind: 'download' })
      expect((await device.check('1.0.0')).status, 'a link that dropped').to.equal(200)
      await device.report({ release_id: one.id, outcome: 'rolled_back' })
      expect((await device.check('1.0.0')).status).to.equal(204)
      await activate(system, one)
      await eventually(async () => expect((await device.check('1.0.0')).status).to.equal(200))
    })

    it('of a failure is heard after a link that dropped, and stays true whatever the device tells of others', async () => {
      const [device, old, one] = [await sensor(), await release({ version: '1.0.0' }), await release()]
      for (const each of [old, one]) await activate(system, each)
      await eventually(async () => expect((await device.check('1.0.0')).body?.version).to.equal('2.0.0'))
      for (const kind of ['download', 'boot'])
        expect((await device.report({ release_id: one.id, outcome: 'failed', kind })).status).to.equal(204)
      expect((await device.check('1.0.0')).status, 'it failed').to.equal(204)
      expect((await device.report({ release_id: old.id, outcome: 'installed' })).status).to.equal(204)
      expect((await device.check('1.0.0')).status, 'it failed, and went back').to.equal(204)
      expect((await reports(device.id)).map(({ kind, outcome }) => kind ?? outcome)).to.deep.equal([
        ...['download', 'boot', 'installed'],
      ])
    })

    it('names the rollout that came to the device, also once that is over', async () => {
      const [device, base, one] = [await sensor(), await release({ version: '1.0.0' }), await release()]
      const rollout_id = randomUUID()
      await activate(system, base)
      await startRollout(one, rollout_id, 100)
      await eventually(async () => expect((await device.check('1.0.0')).status).to.equal(200))
      await device.report({ release_id: one.id, outcome: 'failed', kind: 'boot' })
      await inChannel(system, one, ['FirmwareRolloutRetried', { rollout_id, attempt: 1, retried_at: at() }])
      await eventually(async () => expect((await device.check('1.0.0')).status).to.equal(200))
      await device.report({ release_id: one.id, outcome: 'failed', kind: 'install' })
      const ends = { rollout_id, rollout_release_id: one.id }
      await inChannel(system, base, ['FirmwareRolledBack', { ...ends, reason: 'smoke', rolled_back_at: at() }])
      await eventually(async () => expect((await device.check('2.0.0')).body?.version).to.equal('1.0.0'))
      await device.report({ release_id: one.id, outcome: 'rolled_back' })
      expect(await reports(device.id)).to.deep.equal([
        expected(one, { outcome: 'failed', kind: 'boot', rollout_id, attempt: 0 }),
        expected(one, { outcome: 'failed', kind: 'install', rollout_id }),
        expected(one, { outcome: 'rolled_back', rollout_id }),
      ])
    })

    it('of what was offered to others alone is taken, of no rollout', async () => {
      const [device, one] = [await sensor(), await release()]
      let rollout_id = randomUUID()
      while (bucketOf(rollout_id, device.id) < 5) rollout_id = randomUUID()
      await startRollout(one, rollout_id, 5)
      expect((await device.report({ release_id: one.id, outcome: 'installed' })).status).to.equal(204)
      expect(await reports(device.id)).to.deep.equal([expected(one, { outcome: 'installed', attempt: 0 })])
    })

    it('a thousand times is one event; of a thousand that differ the last counts', async () => {
      const [device, one] = [await sensor(), await release()]
      await activate(system, one)
      const failed = { release_id: one.id, outcome: 'failed', kind: 'install' }
      for (let n = 0; n < 20; n++) {
        const answers = await Promise.all(Array.from({ length: 50 }, () => device.report(failed)))
        expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([204]))
      }
      expect(await reports(device.id)).to.have.length(1)
      await device.report({ release_id: one.id, outcome: 'rolled_back' })
      await device.report(failed)
      await device.report({ release_id: one.id, outcome: 'installed' })
      expect((await reports(device.id)).map(({ outcome }) => outcome)).to.deep.equal([
        ...['failed', 'rolled_back', 'failed', 'installed'],
      ])
    })

    it('under one Idempotency-Key is one, and a clash where it says something else', async () => {
      const [device, one] = [await sensor(), await release()]
      await activate(system, one)
      const key = { 'Idempotency-Key': randomUUID() }
      const first = await device.report({ release_id: one.id, outcome: 'failed', kind: 'boot' }, key)
      await device.report({ release_id: one.id, outcome: 'installed' })
      const again = await device.report({ release_id: one.id, outcome: 'failed', kind: 'boot' }, key)
      expect(again.headers.get('Event-Position')).to.equal(first.headers.get('Event-Position'))
      expect(await reports(device.id)).to.have.length(2)
      expectProblem(await device.report({ release_id: one.id, outcome: 'installed' }, key), 409, 'idempotency_clash')
    })

    it('of a release of another facility or model, a draft, or what was never offered is of something unknown', async () => {
      const [device, other] = [await sensor(), await newFacility(system)]
      const foreign = await newRelease(system, { device_model, facility_id: other.id })
      const ofOtherModel = await release({ device_model: unique('ys') })
      const draft = await release({ draft: true, version: '2.0.1' })
      const idle = await release({ version: '2.0.2' })
      for (const one of [foreign, ofOtherModel, draft]) await activate(system, one)
      const found = await appendedDuring(system.store, async () => {
        for (const release_id of [foreign.id, ofOtherModel.id, draft.id, idle.id, randomUUID()])
          expectProblem(await device.report({ release_id, outcome: 'installed' }), 404, 'not_found')
      })
      expect(found).to.deep.equal([])
    })

    it('that says nonsense is refused, and leaves nothing behind', async () => {
      const [device, one] = [await sensor(), await release()]
      await activate(system, one)
      const sound = { release_id: one.id, outcome: 'failed' }
      const nonsense: object[] = [
        {},
        [],
        { release_id: one.id },
        ...['', 'x', 1, null].map((release_id) => ({ ...sound, release_id })),
        ...['', 'ok', null, 1].map((outcome) => ({ ...sound, outcome })),
        ...['', 'fire', null].map((kind) => ({ ...sound, kind })),
        ...['', 'a\0b', 'x'.repeat(1001), {}].map((detail) => ({ ...sound, detail })),
        { ...sound, device_id: facility.device.id },
        { release_id: one.id, outcome: 'installed', kind: 'boot' },
        { release_id: one.id, outcome: 'rolled_back', kind: 'boot' },
      ]
      const found = await appendedDuring(system.store, async () => {
        for (const body of nonsense) expectProblem(await device.report(body), 400, 'invalid_request')
      })
      expect(found).to.deep.equal([])
    })
  })
})
