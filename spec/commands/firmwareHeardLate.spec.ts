import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { expect } from 'chai'
import type { Refreshed } from '../../commands/firmwareAskers.ts'
import { firmwareChecks } from '../../commands/firmwareChecks.ts'
import { firmwareImages } from '../../commands/firmwareImages.ts'
import { firmwareReports } from '../../commands/firmwareReports.ts'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as Device from '../../domain/device.ts'
import * as DeviceFirmware from '../../domain/deviceFirmware.ts'
import * as FirmwareChannel from '../../domain/firmwareChannel.ts'
import * as FirmwareRelease from '../../domain/firmwareRelease.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { stored } from '../../ops/platform/media.ts'
import type { Caller } from '../../ops/platform/route.ts'
import { followStreams } from '../../ops/server/followed.ts'
import { type Api, apiOf, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { activate, at, newRelease, newSensor, type Release } from '../firmwareOfDevices.ts'
import { served } from '../served.ts'
import { newFacility, specLog, type System, theSystem, unique } from '../system.ts'

// An instance that hears nothing of the log any more, though it may be told that it is current: what it must know, it looks up.
describe('firmware, where the log is heard late', function () {
  this.timeout(60_000)
  let system: System
  let device: Awaited<ReturnType<typeof newSensor>>
  let device_model: string
  let facility_id: string
  /** As the device, at the instance that hears nothing. */
  let late: Api
  let stop: () => Promise<unknown>
  /** The releases that the instance has read; how often it looked up again what it had; and what reading waits for, once it has read. */
  let reads: string[]
  let refreshes: number
  let held: Promise<unknown>
  before(async () => {
    system = await theSystem()
    facility_id = (await newFacility(system)).id
  })
  beforeEach(async () => {
    device_model = unique('xs')
    device = await newSensor(system, facility_id, device_model)
    await device.check('1.0.0')
    const controller = new AbortController()
    const { signal } = controller
    let isDeaf = false
    ;[reads, refreshes, held] = [[], 0, Promise.resolve()]
    const store: EventStore = {
      ...system.store,
      read: async (stream, options) => {
        const events = await system.store.read(stream, options)
        if (stream.startsWith('firmwareRelease-')) reads.push(stream)
        await held
        return events
      },
      follow: async function* (options) {
        for await (const events of system.store.follow(options)) {
          if (isDeaf && !signal.aborted) await once(signal, 'abort')
          yield events
        }
      },
    }
    const deciders = [Device, DeviceFirmware, FirmwareChannel, FirmwareRelease]
    const followed = followStreams({ store, deciders, log: specLog, signal })
    await followed.ready
    isDeaf = true
    const { state: find } = followed
    const refreshed: Refreshed = (...asked) => {
      refreshes++
      return followed.refreshed(...asked)
    }
    const deps = { store, now: at, find, refreshed, images: stored(system.objects) }
    const { id } = device
    const caller: Caller = { kind: 'device', id, key_id: id, device_id: id, facility_id, scopes: ['firmware'] }
    const routes = [...firmwareChecks(deps), ...firmwareReports(deps), ...firmwareImages(deps)]
    const server = await served(routes, { authenticate: () => Promise.resolve(caller) })
    late = apiOf(server.url)
    stop = async () => {
      controller.abort()
      await Promise.all([server.close(), followed.done])
    }
  })
  afterEach(() => stop())

  const check = () => late.get('/api/v1/firmware/check?current_version=1.0.0')
  const report = (body: object) => late.post('/api/v1/firmware/report', body)
  const publish = ({ id }: Release) =>
    handle(
      system.store,
      FirmwareRelease,
      id,
      FirmwareRelease.publish({ published_at: at() }),
      systemIntent('spec', id, 'publish'),
    )

  it('a failure that was reported ends the offer at once', async () => {
    const release = await newRelease(system, { device_model, facility_id })
    await activate(system, release)
    expect((await check()).status).to.equal(200)
    expect((await report({ release_id: release.id, outcome: 'failed', kind: 'boot' })).status).to.equal(204)
    expect((await check()).status).to.equal(204)
  })

  const image = ({ id }: Pick<Release, 'id'>) => late.get(`/api/v1/firmware/${id}/image`)

  it('an image can be had at once when it was published, and reported on once it is active', async () => {
    const draft = await newRelease(system, { device_model, facility_id, draft: true })
    const installed = { release_id: draft.id, outcome: 'installed' }
    expectProblem(await image(draft), 404, 'not_found')
    expect((await check()).status, 'by a channel that has nothing').to.equal(204)
    await publish(draft)
    expect((await image(draft)).bytes.equals(draft.bytes)).to.equal(true)
    expectProblem(await report(installed), 404, 'not_found')
    await activate(system, draft)
    expect((await report(installed)).status).to.equal(204)
    const { report: last } = (await system.store.read(`deviceFirmware-${device.id}`)).reduce(
      (state, { type, data }) => DeviceFirmware.evolve(state, { type, data } as DeviceFirmware.Event),
      DeviceFirmware.initial,
    )
    expect(last).to.include({ release_id: draft.id, attempt: 1 })
  })

  it('a release that was published since can be reported on', async () => {
    const draft = await newRelease(system, { device_model, facility_id, draft: true })
    const installed = { release_id: draft.id, outcome: 'installed' }
    await activate(system, draft)
    expectProblem(await report(installed), 404, 'not_found')
    await publish(draft)
    expect((await report(installed)).status).to.equal(204)
  })

  it('an image is not refused by what was read before it was asked for', async () => {
    const draft = await newRelease(system, { device_model, facility_id, draft: true })
    expectProblem(await image(draft), 404, 'not_found')
    let letGo = (): void => undefined
    held = new Promise<void>((resolve) => (letGo = resolve))
    const before = reads.length
    const first = image(draft)
    await eventually(() => expect(reads).to.have.length(before + 1))
    await publish(draft)
    const asked = refreshes
    const second = image(draft)
    await eventually(() => expect(refreshes).to.equal(asked + 1))
    letGo()
    expectProblem(await first, 404, 'not_found')
    expect((await second).bytes.equals(draft.bytes)).to.equal(true)
  })

  it('an unknown release costs one reading, and one that is asked for over and over a few a second', async () => {
    for (let n = 1; n <= 20; n++) {
      expectProblem(await image({ id: randomUUID() }), 404, 'not_found')
      expect(reads).to.have.length(n)
    }
    const [id, began, before] = [randomUUID(), performance.now(), reads.length]
    for (let n = 0; n < 8; n++)
      for (const answer of await Promise.all([
        image({ id }),
        image({ id }),
        report({ release_id: id, outcome: 'failed' }),
      ]))
        expectProblem(answer, 404, 'not_found')
    expect(reads.length - before).to.be.at.most(4 + Math.ceil((performance.now() - began) / 250))
  })

  it('a published release is read once for all who ask', async () => {
    const release = await newRelease(system, { device_model, facility_id })
    for (let n = 0; n < 10; n++) expect((await image(release)).status).to.equal(200)
    expect(reads).to.have.length(1)
  })
})
