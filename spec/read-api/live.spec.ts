import { expect } from 'chai'
import { connect } from 'node:net'
import { after, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { makeAdmin } from '../../ops/admins/making.ts'
import { listen, type LiveStream, type Told } from '../liveStream.ts'
import { createHub, reset } from '../../ops/server/live/hub.ts'
import { newFacility, specLog, type System, theSystem, unique } from '../system.ts'

describe('what happens is told', () => {
  let system: System
  let here: Awaited<ReturnType<typeof newFacility>>
  let there: typeof here
  let open: LiveStream[] = []
  let stops: (() => Promise<unknown>)[] = []
  const tokens: Record<string, string> = {}
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    here = await newFacility(system)
    there = await newFacility(system)
    for (const [name, { email, password }] of Object.entries({
      ...{ hereAdmin: here.facilityAdmin, hereUser: here.user },
      ...{ thereAdmin: there.facilityAdmin, thereUser: there.user },
    }))
      tokens[name] = await newToken(email, password)
    const boss = { email: `${unique('boss')}@example.test`, name: 'Boss', mustChangePassword: false }
    tokens['boss'] = await makeAdmin(system.config, boss).then(({ email, password }) => newToken(email, password))
  })
  afterEach(async () => {
    await Promise.all(stops.map((stop) => stop()))
    stops = []
    for (const stream of open) stream.close()
    await Promise.all(open.map(({ ended }) => ended))
    open = []
  })
  const newToken = async (email: string, password: string) => {
    const { body } = await system.as({}).post('/api/auth/login', { email, password })
    return `Bearer ${body.access_token}`
  }
  async function as(name: string, headers?: Record<string, string>): Promise<LiveStream> {
    const stream = await listen(system.url, tokens[name]!, headers)
    open.push(stream)
    await stream.until(({ event }) => event === 'ready')
    return stream
  }
  const newTag = (of = here) => of.facilityAdmin.api.post('/api/v1/tags', { facility_id: of.id, name: unique('tag') })
  const about =
    (id: string) =>
    ({ event, data }: Told) =>
      event === 'change' && data.id === id

  it('as soon as it can be read, within 200 ms of the answer', async () => {
    const stream = await as('hereUser')
    const times: number[] = []
    for (let i = 0; i < 5; i++) {
      const answer = await newTag()
      const answered = performance.now()
      const told = await stream.until(about(answer.body.id as string))
      times.push(told.at - answered)
      expect(told.id).to.equal(answer.headers.get('Event-Position'))
      expect(told.data).to.deep.equal({
        ...{ resource: 'tag', id: answer.body.id, type: 'TagCreated' },
        position: answer.headers.get('Event-Position'),
      })
      expect((await here.user.api.get(`/api/v1/tags/${answer.body.id}`)).status, 'without waiting').to.equal(200)
    }
    expect(times.sort((a, b) => a - b)[2]).to.be.below(200)
  })

  it('not before reads have it', async () => {
    const { hub, opened, asked, reach } = slowly()
    const listener = opened()
    listener.start(undefined)
    await eventually(() => expect(hub.told()).to.be.a('bigint'))
    const answer = await newTag()
    const position = BigInt(answer.headers.get('Event-Position')!)
    await eventually(() => expect([...asked].some((one) => one >= position)).to.equal(true))
    expect(listener.text()).to.equal('')
    reach((await system.store.head())!)
    await eventually(() => expect(listener.text()).to.include(answer.body.id))
  })

  it('to be read anew where it was too much to be kept, once reads have it: also to who is still told of before', async () => {
    const { hub, opened, asked, reach } = slowly(3)
    const [listener, late] = [opened(), opened()]
    listener.start(undefined)
    await eventually(() => expect(hub.told()).to.be.a('bigint'))
    const before = hub.told()
    for (let i = 0; i < 3; i++) await newTag()
    const last = BigInt((await newTag()).headers.get('Event-Position')!)
    await eventually(() => expect([...asked].some((one) => one >= last)).to.equal(true))
    expect(listener.text()).to.equal('')
    reach((await system.store.head())!)
    await eventually(() => expect(listener.text()).to.equal(reset))
    late.start(before)
    await eventually(() => expect(late.text()).to.equal(reset))
    const { id } = (await newTag()).body as { id: string }
    reach((await system.store.head())!)
    for (const { text } of [listener, late]) await eventually(() => expect(text()).to.include(id))
  })

  /** Tells of what happens as the read models reach it, which is when we say so. */
  function slowly(mostComing?: number) {
    const [controller, asked] = [new AbortController(), new Set<bigint>()]
    let reached = -1n
    const freshness = {
      ...{ position: () => reached, stopped: () => [], silentMs: () => 0 },
      waitFor: async (position: bigint) => {
        asked.add(position)
        // No longer than that: it asks again, for what is newest by then.
        await new Promise((resolve) => setImmediate(resolve))
      },
    }
    const bound = mostComing !== undefined && { mostComing }
    const hub = createHub({ store: system.store, freshness, ...bound, log: specLog, signal: controller.signal })
    const boss = { kind: 'user', id: 'boss', session_id: 's', role: 'super_admin' } as const
    const opened = () => {
      const { source, start } = hub.open(boss, () => Promise.resolve())
      let text = ''
      source.on('data', (chunk: Buffer) => (text += chunk.toString()))
      return { start, text: () => text.replace(/event: log\n.*\n\n/g, '') }
    }
    stops.push(() => (controller.abort(), hub.done))
    return { hub, opened, asked, reach: (position: bigint) => (reached = position) }
  }

  it('to the people of its facility alone, and to them only what they may read', async () => {
    const [admin, user, elsewhere] = [await as('hereAdmin'), await as('hereUser'), await as('thereAdmin')]
    const key = { name: 'k', facility_id: here.id, scopes: ['upload'] }
    const made = (await system.admin.post('/api/v1/api-keys', key)).body.id as string
    const [mine, theirs] = [(await newTag()).body.id as string, (await newTag(there)).body.id as string]
    await Promise.all([admin.until(about(made)), admin.until(about(mine)), user.until(about(mine))])
    await elsewhere.until(about(theirs))
    expect([user.told.some(about(made)), elsewhere.told.some(about(made))], 'the key').to.deep.equal([false, false])
    expect(elsewhere.told.some(about(mine))).to.equal(false)
    expect([admin, user].some(({ told }) => told.some(about(theirs)))).to.equal(false)
  })

  it('to both where something moves from one to the other, and then to the other alone', async () => {
    const [left, joined] = [await as('hereUser'), await as('thereUser')]
    const registration = { facility_id: here.id, name: 'Mic', serial: unique('S'), model: 'xs-1' }
    const { id } = (await system.admin.post('/api/v1/devices', registration)).body as { id: string }
    await system.admin.patch(`/api/v1/devices/${id}`, { facility_id: there.id })
    await system.admin.patch(`/api/v1/devices/${id}`, { name: 'Mic 2' })
    const isOf = (type: string) => (told: Told) => about(id)(told) && told.data.type === type
    await joined.until(isOf('DeviceRenamed'))
    const mark = (await newTag()).body.id as string
    await left.until(about(mark))
    const typesIn = ({ told }: LiveStream) => told.filter(about(id)).map(({ data }) => data.type as string)
    expect(typesIn(left)).to.deep.equal(['DeviceRegistered', 'DeviceMovedToFacility'])
    expect(typesIn(joined)).to.deep.equal(['DeviceMovedToFacility', 'DeviceRenamed'])
  })

  it('from where one left off, each thing once; and says so where that cannot be', async () => {
    const first = await as('hereUser')
    const seen = await newTag()
    const { id: last } = await first.until(about(seen.body.id as string))
    first.close()
    const missed = [await newTag(), await newTag(there), await newTag()]
    await here.user.api.get('/api/v1/tags', after(missed[2]!))
    const again = await as('hereUser', { 'Last-Event-ID': last! })
    const next = await newTag()
    await again.until(about(next.body.id as string))
    expect(again.told.filter(({ event }) => event === 'change').map(({ data }) => data.id)).to.deep.equal(
      [missed[0]!, missed[2]!, next].map(({ body }) => body.id as string),
    )
    expect(again.told.some(({ event }) => event === 'reset')).to.equal(false)
    for (const id of ['99999999999999999999', 'x', '-1'])
      expect((await as('hereUser', { 'Last-Event-ID': id })).told[0]!.event, id).to.equal('reset')
  })

  it('also that anything has, whatever it is: to those alone who may read all of the log, and not all the time', async () => {
    const [boss, admin, user] = [await as('boss'), await as('hereAdmin'), await as('hereUser')]
    const isLog = ({ event }: Told) => event === 'log'
    await boss.until(isLog)
    const stream = `${unique('secret').replace('-', '')}-x`
    let last = 0n
    for (let i = 0; i < 30; i++) {
      const event = { id: crypto.randomUUID(), type: 'SomethingHappened', data: {}, metadata: {} }
      last = (await system.store.append(stream, [event], i === 0 ? 'no_stream' : i - 1)).position
    }
    const told = await boss.until((one) => isLog(one) && BigInt(one.data.position) >= last)
    expect(told.data).to.have.all.keys('position')
    expect(told).not.to.have.property('id')
    const times = boss.told.filter(isLog).map(({ at }) => at)
    expect(times.length).to.be.at.most(2 + (1.25 * (times.at(-1)! - times[0]!)) / 1000)
    const { id } = (await newTag()).body as { id: string }
    for (const one of [admin, user]) {
      await one.until(about(id))
      expect(one.told.some(isLog)).to.equal(false)
    }
  })

  it('of jobs under way too, to those of their facility', async () => {
    const [mine, theirs] = [await as('hereUser'), await as('thereUser')]
    const progress = { upload_id: crypto.randomUUID(), attempt: 1, done: 0.5 }
    const job = crypto.randomUUID()
    system.bus.tell(`progress.transcode.${job}`, { ...progress, facility_id: here.id })
    const told = await mine.until(({ event }) => event === 'progress')
    expect(told.data).to.deep.equal({ resource: 'transcodeJob', id: job, ...progress })
    const mark = (await newTag(there)).body.id as string
    await theirs.until(about(mark))
    expect(theirs.told.some(({ event }) => event === 'progress')).to.equal(false)
  })

  it('for no longer than the session, and to nobody who is not let in', async () => {
    const { email, password } = here.user
    const token = await newToken(email, password)
    const stream = await listen(system.url, token)
    open.push(stream)
    await stream.until(({ event }) => event === 'ready')
    let isOver = false
    void stream.ended.then(() => (isOver = true))
    await system.as({ Authorization: token }).post('/api/auth/logout')
    await eventually(() => expect(isOver).to.equal(true), 1500)
    expectProblem(await system.as({ Authorization: token }).get('/api/v1/live'), 401, 'session_ended')
    expectProblem(await system.as({}).get('/api/v1/live'), 401, 'unauthenticated')
    expectProblem(await here.sensor.get('/api/v1/live'), 403, 'forbidden')
  })

  it('to fifty at once, over one follower', async () => {
    const { store } = system
    const { follow } = store
    let more = 0
    store.follow = (options) => (more++, follow(options))
    try {
      const streams = await Promise.all(Array.from({ length: 50 }, (_, i) => as(i % 2 ? 'hereUser' : 'hereAdmin')))
      const { id } = (await newTag()).body as { id: string }
      await Promise.all(streams.map((stream) => stream.until(about(id))))
    } finally {
      store.follow = follow
    }
    // It follows the log already.
    expect(more).to.equal(0)
  })

  it('to nobody who reads too slowly: they are cut off, and the others are not', async function () {
    this.timeout(60_000)
    const { hostname, port } = new URL(system.url)
    const socket = connect(Number(port), hostname)
    socket.write(`GET /api/v1/live HTTP/1.1\r\nHost: x\r\nAuthorization: ${tokens['hereUser']!}\r\n\r\n`)
    await new Promise((resolve) => socket.once('data', resolve))
    socket.pause()
    const quick = await as('hereUser')
    let isCut = false
    socket.on('close', () => (isCut = true)).on('error', () => undefined)
    const progress = { facility_id: here.id, attempt: 1, done: 0.5, upload_id: 'x'.repeat(10_000) }
    // 25 MB: more than what the kernel keeps for a socket, and the bound on top. Whoever is paused does not see their end.
    for (let i = 0; i < 250; i++) {
      const seen = quick.told.length
      for (let j = 0; j < 10; j++) system.bus.tell(`progress.transcode.${crypto.randomUUID()}`, progress)
      await system.bus.connection.flush()
      await eventually(() => expect(quick.told.length).to.be.greaterThan(seen))
    }
    await eventually(() => {
      socket.resume()
      expect(isCut).to.equal(true)
    })
    const { id } = (await newTag()).body as { id: string }
    await quick.until(about(id))
  })
})
