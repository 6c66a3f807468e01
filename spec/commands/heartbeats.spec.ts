import { expect } from 'chai'
import { after, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { newFacility, type System, onEmbeddedOnly, theSystem, unique } from '../system.ts'

const path = '/api/v1/devices/heartbeat'

describe('heartbeats', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
  })

  async function newSensor() {
    const body = { facility_id: facility.id, name: 'Mic', serial: unique('S'), model: 'xs-1' }
    const made = await system.admin.post('/api/v1/devices', body)
    const { id } = made.body as { id: string }
    const key = { name: 'k', facility_id: facility.id, device_id: id, scopes: ['heartbeat'] }
    const { api_key } = (await system.admin.post('/api/v1/api-keys', key)).body as { api_key: string }
    await system.admin.get(`/api/v1/devices/${id}`, after(made))
    const sensor = system.as({ 'X-API-Key': api_key })
    return { id, beat: (told: object = {}) => sensor.post(path, told) }
  }
  const shown = async (id: string) => (await facility.user.api.get(`/api/v1/devices/${id}`)).body
  const firmwareEvents = (id: string) => system.store.read(`deviceFirmware-${id}`)
  const presenceOf = async (id: string) =>
    (await system.database.query('select * from device_presence where device_id = $1', [id])).rows[0]
  const silence = { last_seen_at: null, firmware_version: null, battery_mv: null, rssi: null, uptime_secs: null }

  it('say that a device is online, and how it is; what they leave out stays as it was', async () => {
    const { id, beat } = await newSensor()
    expect(await shown(id)).to.deep.include({ online: false, ...silence })
    const began = Date.now()
    const told = { firmware_version: '1.2.0', uptime_secs: 3_000_000_000, rssi: -67, free_memory: 2 ** 33 }
    expect((await beat(told)).status).to.equal(204)
    await eventually(async () => expect(await shown(id)).to.deep.include({ ...told, battery_mv: null, online: true }))
    expect(Date.parse((await shown(id)).last_seen_at)).to.be.within(began, Date.now())
    expect((await beat({ battery_mv: 3712, rssi: -70 })).status).to.equal(204)
    await eventually(async () => expect(await shown(id)).to.deep.include({ ...told, battery_mv: 3712, rssi: -70 }))
    const list = async (online: string) =>
      (await facility.user.api.get(`/api/v1/devices?online=${online}&per_page=100`)).body
    const [on, off] = [await list('true'), await list('false')]
    const ids = ({ items }: { items: { id: string }[] }) => items.map((device) => device.id)
    expect(ids(on)).to.include(id)
    expect(ids(off)).to.include(facility.device.id).and.not.include(id)
    expect(on.total + off.total).to.equal((await facility.user.api.get('/api/v1/devices')).body.total)
    expect(on.items.every(({ online }: { online: boolean }) => online)).to.equal(true)
  })

  it('say it for five minutes', async () => {
    const { id, beat } = await newSensor()
    await beat()
    await eventually(async () => expect((await shown(id)).online).to.equal(true))
    const seenAgo = (ms: number) =>
      system.database.query('update device_presence set last_seen_at = $2 where device_id = $1', [
        id,
        new Date(Date.now() - ms),
      ])
    await seenAgo(299_000)
    expect((await shown(id)).online).to.equal(true)
    await seenAgo(300_000)
    expect((await shown(id)).online).to.equal(false)
  })

  it('are events only where the version of the firmware changes, one for each change', async () => {
    const { id, beat } = await newSensor()
    await beat({ uptime_secs: 1 })
    expect(await firmwareEvents(id)).to.be.empty
    for (const firmware_version of ['1.0.0', '1.0.0', '1.1.0', '1.1.0', '1.0.0']) await beat({ firmware_version })
    const events = await firmwareEvents(id)
    expect(events.map(({ data }) => data['version'])).to.deep.equal(['1.0.0', '1.1.0', '1.0.0'])
    for (const firmware_version of ['factory build', 'v1.0', 'v1.0.0']) await beat({ firmware_version })
    const more = (await firmwareEvents(id)).slice(3).map(({ data }) => data['version'])
    expect(more, 'what is no version stays as it is').to.deep.equal(['factory build', 'v1.0', '1.0.0'])
    const { metadata } = events[0]!
    expect(metadata).to.deep.include({ actor: { kind: 'device', id }, facility_id: facility.id })
    expect(await system.store.read(`device-${id}`)).to.have.length(1)
  })

  it('of one new version at once are one event', async () => {
    const { id, beat } = await newSensor()
    const answers = await Promise.all(Array.from({ length: 50 }, () => beat({ firmware_version: '2.0.0' })))
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([204]))
    expect(await firmwareEvents(id)).to.have.length(1)
  })

  it('are in the device’s history where the firmware has changed; what was told then, nobody keeps', async () => {
    const { id, beat } = await newSensor()
    await beat({ battery_mv: 3000 })
    await eventually(async () => expect((await shown(id)).battery_mv).to.equal(3000))
    const { api } = facility.user
    const first = (await api.get(`/api/v1/devices/${id}/history`)).body.items[0]
    const past = async () => (await api.get(`/api/v1/devices/${id}?as_of=${first.position}`)).body
    expect(await past(), 'nothing has happened since').to.deep.include({ battery_mv: 3000, online: true })
    const position = (await beat({ firmware_version: '1.0.0' })).headers.get('Event-Position')!
    const { items } = (await api.get(`/api/v1/devices/${id}/history`, { 'Read-After': position })).body
    expect(items.map(({ type }: { type: string }) => type)).to.deep.equal([
      'DeviceRegistered',
      'FirmwareVersionObserved',
    ])
    expect(items[1]).to.deep.include({ position, actor: { kind: 'device', id, name: 'Mic' } })
    expect(items[1].data).to.deep.include({ version: '1.0.0' })
    expect(await past()).to.deep.include({ ...silence, online: false, name: 'Mic' })
  })

  it('need a key with the scope for them', async () => {
    expectProblem(await system.as({}).post(path), 401, 'unauthenticated')
    expectProblem(await facility.sensor.post(path), 403, 'forbidden')
    for (const api of [system.admin, facility.facilityAdmin.api, facility.user.api])
      expectProblem(await api.post(path), 403, 'forbidden')
  })

  it('are of the device that the key is bound to: there is no naming one, and no key of all of them', async () => {
    const body = { name: 'all', facility_id: facility.id, scopes: ['heartbeat'] }
    const { api_key } = (await system.admin.post('/api/v1/api-keys', body)).body
    const unbound = system.as({ 'X-API-Key': api_key })
    expectProblem(await unbound.post(path, { firmware_version: '6.6.6' }), 409, 'key_without_device')
    const { id: device_id, beat } = await newSensor()
    for (const answer of [await unbound.post(path, { device_id }), await beat({ device_id: facility.device.id })])
      expectProblem(answer, 400, 'invalid_request')
    expect(await presenceOf(facility.device.id)).to.equal(undefined)
  })

  it('that say nonsense are refused, and leave nothing behind', async () => {
    const { id, beat } = await newSensor()
    const nonsense: object[] = [
      ...['', ' ', 'x'.repeat(101), 'a\0b', 'a\nb', '\ud800', 1, null, {}].map((firmware_version) => ({
        firmware_version,
      })),
      ...[-1, 1.5, '1', null, 2 ** 53, 1e300].map((uptime_secs) => ({ uptime_secs })),
      ...[-201, 101, -67.5, '-67'].map((rssi) => ({ rssi })),
      ...[-1, 0.5, 2 ** 53].map((free_memory) => ({ free_memory })),
      ...[-1, 1_000_001, '3700'].map((battery_mv) => ({ battery_mv })),
      { firmware_version: '1.0.0', online: true },
      JSON.parse('{"__proto__": {"rssi": -1}}') as object,
      [],
    ]
    for (const told of nonsense) expectProblem(await beat(told), 400, 'invalid_request')
    for (const text of ['', 'null', '1', '"x"', '{"rssi":', '{"rssi":NaN}']) {
      const answer = await beat(text as never)
      if (text === '') expect(answer.status).to.equal(204)
      else expectProblem(answer, 400, 'invalid_request')
    }
    expect(await firmwareEvents(id)).to.be.empty
    expect(await presenceOf(id)).to.satisfy(
      (row?: { firmware_version: string | null; rssi: number | null }) =>
        row === undefined || (row.firmware_version === null && row.rssi === null),
    )
  })

  onEmbeddedOnly('are taken while Postgres is away, and shown when it is back', async function () {
    this.timeout(60_000)
    const { id, beat } = await newSensor()
    const pid = system.stack.pids()['postgres']!
    process.kill(pid, 'SIGKILL')
    expect((await beat({ battery_mv: 3333 })).status).to.equal(204)
    await eventually(async () => {
      // What a killed Postgres forgot of the read models comes back with the next event.
      await system.admin.patch(`/api/v1/devices/${id}`, { name: unique('Mic') })
      expect(await shown(id)).to.include({ battery_mv: 3333 })
    }, 30_000)
  })

  it('start anew with a Postgres that has lost them: devices are shown without', async () => {
    const { id, beat } = await newSensor()
    await beat({ battery_mv: 3333 })
    await eventually(async () => expect((await shown(id)).battery_mv).to.equal(3333))
    await system.database.query('delete from device_presence')
    expect(await shown(id)).to.deep.include({ id, online: false, ...silence })
    await beat({ rssi: -1 })
    await eventually(async () => expect(await shown(id)).to.deep.include({ online: true, battery_mv: null, rssi: -1 }))
  })
})
