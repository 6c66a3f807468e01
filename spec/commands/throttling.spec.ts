import { availableParallelism } from 'node:os'
import { expect } from 'chai'
import { mostHashes } from '../../ops/roles/api.ts'
import { apiOf, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { anotherInstance, newFacility, type System, theSystem, unique } from '../system.ts'

describe('wrong passwords', () => {
  let system: System
  let instance: Awaited<ReturnType<typeof anotherInstance>>
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    // Behind a proxy whose word on addresses is taken.
    instance = await anotherInstance(system, { TRUST_PROXY: 1 })
    facility = await newFacility(system)
  })
  after(() => instance?.stop())

  let addresses = 0
  const address = () => `198.51.100.${++addresses}`
  const login = (from: string, email: string, password: string) =>
    apiOf(instance.url).post('/api/auth/login', { email, password }, { 'X-Forwarded-For': from })
  const refusals = async () =>
    (await system.store.read(`refusal-${new Date().toISOString().slice(0, 10)}`)).map(({ type, data, metadata }) => ({
      ...{ type, data, metadata },
    }))

  // First, while this instance still writes down each one.
  it('are written down, without the address of anybody in clear', async () => {
    const from = address()
    const email = `${unique('mallory')}@example.test`
    for (let i = 0; i < 5; i++) await login(from, email, 'guess')
    await login(from, facility.user.email, 'guess')
    await eventually(async () => {
      const found = await refusals()
      const throttled = found.filter(({ type }) => type === 'AccountThrottled').at(-1)!.data
      const own = found.filter(({ data }) => data['account'] === throttled['account'])
      expect(own.map(({ data }) => data['reason'] ?? data['wait_secs'])).to.deep.equal([
        ...Array.from({ length: 5 }, () => 'unknown'),
        1,
      ])
      const last = found.filter(({ data }) => data['user_id'] === facility.user.id).at(-1)!
      expect(last.data).to.include({ reason: 'wrong_password', address: throttled['address'] })
      expect(last.metadata).to.deep.include({ facility_id: facility.id, actor: { kind: 'system', id: 'anonymous' } })
    })
    const text = JSON.stringify(await refusals())
    for (const secret of [from, email, facility.user.email]) expect(text).not.to.include(secret)
  })

  it('and rights that somebody does not have, too', async () => {
    const { email, password } = facility.user
    const { body } = await login(address(), email, password)
    const bearer = { Authorization: `Bearer ${body.access_token}` }
    const asked = await apiOf(instance.url, bearer).post('/api/v1/facilities', { name: 'N', code: 'n-1' })
    expectProblem(asked, 403, 'forbidden')
    await eventually(async () => {
      const own = (await refusals()).find(
        ({ metadata }) => (metadata['actor'] as { id: string }).id === facility.user.id,
      )!
      expect(own.type).to.equal('AccessRefused')
      expect(own.metadata).to.include({ facility_id: facility.id })
      expect(own.data).to.include({ method: 'POST', path: '/api/v1/facilities', permission: 'facility:create' })
    })
  })

  it('make the next one wait, whoever is asked for: known, unknown or deactivated', async () => {
    const gone = await newFacility(system)
    await system.admin.post(`/api/v1/users/${gone.user.id}/deactivate`)
    const answers: unknown[] = []
    for (const email of [facility.user.email, `${unique('nobody')}@example.test`, gone.user.email]) {
      const from = address()
      const statuses: string[] = []
      for (let i = 0; i < 6; i++) {
        const { status, body, headers } = await login(from, email, 'not the password')
        statuses.push(`${status} ${body.code} ${body.detail} ${headers.get('Retry-After')}`)
      }
      expect(statuses.at(-1)).to.match(/^429 rate_limited .* 1$/)
      answers.push(statuses)
    }
    expect(answers[1]).to.deep.equal(answers[0])
    expect(answers[2]).to.deep.equal(answers[0])
  })

  it('are no more from all addresses of one IPv6 network, nor from one in other words', async () => {
    const { email } = (await newFacility(system)).user
    const network = Array.from({ length: 6 }, (_, i) => `2001:db8:77:1::${i + 1}`)
    const words = ['203.0.113.99', '::ffff:203.0.113.99', '::FFFF:cb00:7163', '0:0:0:0:0:ffff:cb00:7163']
    for (const from of [network, [...words, ...words].slice(0, 6)]) {
      for (const one of from.slice(0, 5)) expectProblem(await login(one, email, 'guess'), 401, 'invalid_credentials')
      expectProblem(await login(from.at(-1)!, email, 'guess'), 429, 'rate_limited')
    }
    expectProblem(await login('2001:db8:77:2::1', email, 'guess'), 401, 'invalid_credentials')
  })

  it('are no more when many are sent at once', async () => {
    const [from, began, atOnce] = [address(), performance.now(), Math.min(mostHashes, availableParallelism())]
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => login(from, facility.facilityAdmin.email, 'not the password')),
    )
    const heard = answers.filter(({ status }) => status === 401)
    // On a busy machine the last are looked at when waits of 1, 2, 4 seconds are over.
    const waitsOver = Math.floor(Math.log2((performance.now() - began) / 1000 + 1))
    // Those whose turn has come when the door closes: no more than are compared at a time, each time.
    expect(heard).to.have.length.within(5, 4 + atOnce * (1 + waitsOver))
    for (const answer of answers.filter(({ status }) => status !== 401)) expectProblem(answer, 429, 'rate_limited')
  })

  it('of others keep nobody out who comes from elsewhere with the right one', async () => {
    const { email, password } = (await newFacility(system)).user
    const attackers = Array.from({ length: 12 }, address)
    await Promise.all(attackers.map((from) => Promise.all([1, 2, 3, 4, 5, 6].map(() => login(from, email, 'guess')))))
    expect((await login(address(), email, password)).status).to.equal(200)
  })

  it('of one’s own are forgotten once the right one came', async () => {
    const { email, password } = facility.user
    const from = address()
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 4; i++) expectProblem(await login(from, email, 'mistyped'), 401, 'invalid_credentials')
      expect((await login(from, email, password)).status).to.equal(200)
    }
  })

  it('count also where the current one is asked for to change it', async () => {
    const { api } = (await newFacility(system)).user
    const guess = () =>
      api.post('/api/auth/change-password', { current_password: 'guess', new_password: 'a fine new one' })
    for (let i = 0; i < 5; i++) expectProblem(await guess(), 401, 'invalid_credentials')
    expectProblem(await guess(), 429, 'rate_limited')
  })

  it('take as long for nobody as for somebody', async function () {
    this.timeout(60_000)
    const times: Record<string, number[]> = { known: [], unknown: [] }
    for (let i = 0; i < 15; i++)
      for (const [who, email] of [
        ['known', facility.user.email],
        ['unknown', `${unique('nobody')}@example.test`],
      ] as const) {
        const began = performance.now()
        expectProblem(await login(`203.0.113.${i}`, email, 'not the password'), 401, 'invalid_credentials')
        times[who]!.push(performance.now() - began)
      }
    const median = (all: number[]) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)]!
    expect(median(times['unknown']!) / median(times['known']!)).to.be.within(0.6, 1.6)
  })
})
