import { expect } from 'chai'
import { after as readAfter, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, onOtherServers, theSystem, unique } from '../system.ts'

const onEmbedded = onOtherServers ? describe.skip : describe

onEmbedded('a server that is away', function () {
  this.timeout(60_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
  })

  const ready = () => fetch(`${system.url}/health/ready`)
  const isReady = () => eventually(async () => expect((await ready()).status).to.equal(200), 30_000)

  for (const server of ['postgres', 'nats', 's3', 'eventstore'])
    it(`${server}: killed, it is waited out; every answer is right or a 503 that says when to come back`, async () => {
      process.kill(system.stack.pids()[server]!, 'SIGKILL')
      for (let i = 0; i < 10; i++) {
        const name = unique('during')
        const created = await system.admin.post('/api/v1/facilities', { name, code: name })
        const read = await system.admin.get(
          '/api/v1/facilities?per_page=1',
          created.status === 201 ? readAfter(created) : {},
        )
        for (const answer of [created, read])
          if (answer.status >= 500) {
            expect([answer.status, answer.body.code], answer.bytes.toString()).to.be.deep.oneOf([
              [503, 'unavailable'],
              [503, 'read_model_behind'],
            ])
            expect(Number(answer.headers.get('Retry-After'))).to.be.greaterThan(0)
          }
      }
      await isReady()
      const upload = await eventually(async () => {
        const answer = await facility.sensor.upload(sound('wav'))
        expect(answer.status, answer.bytes.toString()).to.equal(201)
        return answer
      }, 30_000)
      await eventually(
        async () => expect((await system.admin.get(`/api/v1/uploads/${upload.body.id}`)).body.status).to.equal('ready'),
        30_000,
      )
    })

  it('is not waited for without end: nobody is let in, and reads and writes get a 503', async () => {
    const pid = system.stack.pids()['eventstore']!
    process.kill(pid, 'SIGSTOP')
    try {
      await eventually(async () => expectProblem(await facility.user.api.get('/api/auth/me'), 503, 'unavailable'), 5000)
      const began = performance.now()
      expectProblem(await facility.sensor.upload(sound('wav')), 503, 'unavailable')
      expect(performance.now() - began).to.be.lessThan(15_000)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await eventually(async () => expect((await facility.user.api.get('/api/auth/me')).status).to.equal(200))
  })

  it('the event store, killed, is followed again from where it was: every event once, in order', async () => {
    const controller = new AbortController()
    const [written, seen]: [string[], string[]] = [[], []]
    const following = (async () => {
      const { store } = system
      const options = { after: await store.head(), prefixes: ['facility-'], signal: controller.signal }
      for await (const events of store.follow(options)) seen.push(...events.map(({ data }) => data['code'] as string))
    })()
    const write = async () => {
      const code = unique('followed')
      const key = { 'Idempotency-Key': code }
      await eventually(async () => {
        const created = await system.admin.post('/api/v1/facilities', { name: code, code }, key)
        expect(created.status, created.bytes.toString()).to.equal(201)
      }, 30_000)
      written.push(code)
      await eventually(() => expect(seen.at(-1)).to.equal(code), 30_000)
    }
    await write()
    process.kill(system.stack.pids()['eventstore']!, 'SIGKILL')
    await write()
    await write()
    expect(seen).to.deep.equal(written)
    controller.abort()
    await following
    await isReady()
  })

  it('makes readiness red while it is silent, and green again by itself', async () => {
    const pid = system.stack.pids()['eventstore']!
    process.kill(pid, 'SIGSTOP')
    try {
      await eventually(async () => {
        const answer = await ready()
        expect(answer.status).to.equal(503)
        expect(((await answer.json()) as any).checks.event_store.status).to.equal('failing')
      }, 15_000)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await isReady()
  })
})
