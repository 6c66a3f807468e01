import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { ownerOf } from '../../commands/reserve.ts'
import { makeAdmin } from '../../ops/admins/making.ts'
import { after as readAfter, type Answered, type Api, apiOf, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { anotherInstance, firstLogin, logIn, newFacility, type System, theSystem, unique } from '../system.ts'

const users = '/api/v1/users'

describe('users', () => {
  let system: System
  let other: Awaited<ReturnType<typeof anotherInstance>>
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    other = await anotherInstance(system)
    facility = await newFacility(system)
  })
  after(() => other?.stop())

  const login = (email: string, password: string, url = system.url) =>
    apiOf(url).post('/api/auth/login', { email, password })
  const person = (more: object = {}) => ({
    email: `${unique('p')}@example.test`,
    name: 'P',
    role: 'user',
    password: 'a good password',
    facility_id: facility.id,
    ...more,
  })
  const create = async (more: object = {}) => {
    const wanted = person(more)
    const answer = await system.admin.post(users, wanted)
    expect(answer.status, answer.bytes.toString()).to.equal(201)
    return { ...wanted, id: answer.body.id as string, path: `${users}/${answer.body.id}` }
  }
  const withSession = async (more: object = {}) => {
    const made = await create(more)
    const api = await firstLogin(system.url, made, 'my own good password')
    const { body } = await login(made.email, 'my own good password')
    const token = { Authorization: `Bearer ${body.access_token}` }
    return { ...made, password: 'my own good password', api, tokens: body, elsewhere: apiOf(other.url, token) }
  }
  const superAdmin = async () => {
    const wanted = { email: `${unique('boss')}@example.test`, name: 'Boss', mustChangePassword: false }
    const made = await makeAdmin(system.config, wanted)
    return { ...made, path: `${users}/${made.id}`, api: await logIn(system.url, made.email, made.password) }
  }
  const typesOf = async (id: string) => (await system.store.read(`user-${id}`)).map(({ type }) => type)

  describe('are changed', () => {
    it('in name, address, role and facility, at a revision', async () => {
      const { path, id } = await create()
      const [email, elsewhere] = [`${unique('q')}@example.test`, await newFacility(system)]
      const wanted = { name: 'Q', email, role: 'facility_admin', facility_id: elsewhere.id }
      expectProblem(await system.admin.patch(path, wanted, { 'If-Match': '"7"' }), 412, 'revision_conflict')
      const answer = await system.admin.patch(path, wanted, { 'If-Match': '"0"' })
      expect(answer.status, answer.bytes.toString()).to.equal(200)
      expect(answer.body).to.include(wanted)
      expect((await system.admin.get(path, readAfter(answer))).body).to.include(wanted)
      expect(await typesOf(id)).to.have.length(5)
    })

    it('in their address by a new reservation: the old one is free, the new one taken', async () => {
      const [mine, theirs] = [await create(), await create()]
      const next = `${unique('next')}@example.test`
      expectProblem(await system.admin.patch(mine.path, { email: theirs.email.toUpperCase() }), 409, 'email_taken')
      for (const email of [next, mine.email, next])
        expect((await system.admin.patch(mine.path, { email })).status, email).to.equal(200)
      expectProblem(await system.admin.post(users, person({ email: next })), 409, 'email_taken')
      expectProblem(await login(mine.email, mine.password), 401, 'invalid_credentials')
      expect((await login(next, mine.password)).status).to.equal(200)
      await create({ email: mine.email })
    })

    it('and keep no address that a refused change asked for', async () => {
      const { path } = await create()
      const email = `${unique('wanted')}@example.test`
      expectProblem(
        await system.admin.patch(path, { email, role: 'super_admin', facility_id: facility.id }),
        409,
        'facility_not_allowed',
      )
      expectProblem(await system.admin.patch(path, { email }, { 'If-Match': '"9"' }), 412, 'revision_conflict')
      await create({ email })
    })

    it('nor one whose change came second', async () => {
      const { path, id } = await create()
      const emails = Array.from({ length: 10 }, () => `${unique('wanted')}@example.test`)
      const answers = await Promise.all(
        emails.map((email) => system.admin.patch(path, { email }, { 'If-Match': '"0"' })),
      )
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, ...Array.from({ length: 9 }, () => 412)])
      const owners = await Promise.all(emails.map((email) => ownerOf(system.store, 'userEmail', email)))
      expect(owners).to.deep.equal(answers.map(({ status }) => (status === 200 ? id : undefined)))
    })

    it('by fifty at once to one address, which one of them gets', async function () {
      this.timeout(60_000)
      const email = `${unique('wanted')}@example.test`
      const made = await Promise.all(Array.from({ length: 50 }, () => create()))
      const answers = await Promise.all(made.map(({ path }) => system.admin.patch(path, { email })))
      expect(answers.filter(({ status }) => status === 200)).to.have.length(1)
      for (const answer of answers.filter(({ status }) => status !== 200)) expectProblem(answer, 409, 'email_taken')
      const changes = (await Promise.all(made.map(({ id }) => typesOf(id)))).flat()
      expect(changes.filter((type) => type === 'UserEmailChanged')).to.have.length(1)
    })
  })

  describe('have rights', () => {
    it('that nobody raises above their own', async () => {
      const [{ api, id }, target] = [facility.facilityAdmin, await create()]
      expectProblem(await api.patch(`${users}/${id}`, { role: 'super_admin' }), 403, 'forbidden')
      expectProblem(await api.patch(target.path, { role: 'super_admin' }), 403, 'forbidden')
      expect((await api.patch(target.path, { role: 'facility_admin' })).status).to.equal(200)
      expectProblem(
        await facility.user.api.patch(`${users}/${facility.user.id}`, { role: 'facility_admin' }),
        403,
        'forbidden',
      )
      expect(await typesOf(id)).to.not.include('UserRoleChanged')
    })

    it('within their facility: others are unknown to its admin', async () => {
      const { api } = facility.facilityAdmin
      const [foreign, boss] = [await newFacility(system), await superAdmin()]
      for (const id of [foreign.user.id, boss.id, randomUUID()]) {
        expectProblem(await api.patch(`${users}/${id}`, { name: 'X' }), 404, 'not_found')
        for (const verb of ['deactivate', 'reactivate', 'reset-password', 'end-sessions', 'erase'])
          expectProblem(await api.post(`${users}/${id}/${verb}`), 404, 'not_found')
      }
      const target = await create()
      expectProblem(await api.patch(target.path, { facility_id: foreign.id }), 404, 'not_found')
    })

    it('to read of themselves, and of nobody else', async () => {
      const { api, id } = facility.user
      expect((await api.get(`${users}/${id}`)).body).to.include({ id })
      expect((await api.get(`${users}/${id}/history`)).status).to.equal(200)
      for (const path of [users, `${users}/${facility.facilityAdmin.id}`, `${users}/${randomUUID()}/history`])
        expectProblem(await api.get(path), 403, 'forbidden')
      for (const verb of ['deactivate', 'reset-password', 'erase'])
        expectProblem(await api.post(`${users}/${id}/${verb}`), 403, 'forbidden')
    })
  })

  describe('are kept out on every instance within a second', () => {
    const soon = (api: Api, code: string) =>
      eventually(async () => expectProblem(await api.get('/api/auth/me'), 401, code), 1000)
    const refresh = (refresh_token: string) => apiOf(other.url).post('/api/auth/refresh', { refresh_token })

    for (const [what, verb] of [
      ['once deactivated', 'deactivate'],
      ['when their sessions are ended', 'end-sessions'],
      ['when their password is reset', 'reset-password'],
      ['once erased', 'erase'],
    ] as const)
      it(what, async () => {
        const { elsewhere, tokens, path, id } = await withSession()
        expect((await elsewhere.get('/api/auth/me')).status).to.equal(200)
        // Whether or not the read model knows of their sessions.
        const rowsOf = (what: string) =>
          system.database.query(`${what} from sessions where user_id = $1`, [id]).then(({ rowCount }) => rowCount)
        await eventually(async () => expect(await rowsOf('select id')).to.equal(2))
        expect(await rowsOf('delete')).to.equal(2)
        expect((await system.admin.post(`${path}/${verb}`)).status).to.equal(200)
        await soon(elsewhere, 'session_ended')
        expectProblem(await refresh(tokens.refresh_token), 401, 'session_ended')
      })

    it('by one session alone, where an admin ends that one', async () => {
      const { elsewhere, tokens, path } = await withSession()
      const { api } = facility.facilityAdmin
      const { own, id } = await eventually(async () => {
        const own = (await elsewhere.get('/api/auth/sessions')).body.items as { id: string; is_current: boolean }[]
        return { own, id: own.find(({ is_current }) => is_current)!.id }
      })
      const started = await system.admin.patch(path, { name: 'Somebody' })
      const listed = async (status: string, last: Answered) =>
        (await api.get(`${path}/sessions?status=${status}`, readAfter(last))).body.items as typeof own
      const open = await listed('open', started)
      expect(open.map((one) => one.id)).to.have.members(own.map((one) => one.id))
      expect(open.every((one) => !one.is_current)).to.equal(true)
      const strangers = (await newFacility(system)).facilityAdmin.api
      for (const read of [strangers.get(`${path}/sessions`), api.get(`${users}/${randomUUID()}/sessions`)])
        expectProblem(await read, 404, 'not_found')
      for (const end of [
        strangers.delete(`${path}/sessions/${id}`),
        api.delete(`${path}/sessions/${randomUUID()}`),
        // Somebody else's.
        api.delete(`${users}/${facility.user.id}/sessions/${id}`),
      ])
        expectProblem(await end, 404, 'not_found')
      expectProblem(await facility.user.api.delete(`${path}/sessions/${id}`), 403, 'forbidden')
      expectProblem(await facility.user.api.get(`${path}/sessions`), 403, 'forbidden')
      expect((await elsewhere.get('/api/auth/me')).status).to.equal(200)

      const ended = await api.delete(`${path}/sessions/${id}`)
      expect(ended.status).to.equal(204)
      await soon(elsewhere, 'session_ended')
      expectProblem(await refresh(tokens.refresh_token), 401, 'session_ended')
      expect((await listed('open', ended)).map((one) => one.id)).to.have.members(
        own.map((one) => one.id).filter((one) => one !== id),
      )
      expect((await listed('ended', ended))[0]).to.include({ id, end_reason: 'ended_by_admin' })
    })

    it('until they refresh, when their role or facility changes', async () => {
      const { elsewhere, tokens, path } = await withSession()
      await system.admin.patch(path, { role: 'facility_admin' })
      await soon(elsewhere, 'token_expired')
      const { body } = await refresh(tokens.refresh_token)
      expect(body.user.role).to.equal('facility_admin')
      const again = apiOf(other.url, { Authorization: `Bearer ${body.access_token}` })
      expect((await again.get('/api/auth/me')).status).to.equal(200)
      const moved = await newFacility(system)
      await system.admin.patch(path, { facility_id: moved.id })
      await soon(again, 'token_expired')
    })

    it('and not let in again with what they had, when reactivated', async () => {
      const { tokens, elsewhere, path, email, password } = await withSession()
      await system.admin.post(`${path}/deactivate`)
      expectProblem(await login(email, password), 401, 'invalid_credentials')
      await system.admin.post(`${path}/reactivate`)
      await soon(elsewhere, 'session_ended')
      expectProblem(await refresh(tokens.refresh_token), 401, 'session_ended')
      await logIn(other.url, email, password)
    })

    it('nor when their facility is reactivated', async () => {
      const closing = await newFacility(system)
      const { body } = await login(closing.user.email, closing.user.password)
      for (const verb of ['deactivate', 'reactivate'])
        await system.admin.post(`/api/v1/facilities/${closing.id}/${verb}`)
      const elsewhere = apiOf(other.url, { Authorization: `Bearer ${body.access_token}` })
      await soon(elsewhere, 'session_ended')
      await soon(closing.user.api, 'session_ended')
      expectProblem(await refresh(body.refresh_token), 401, 'session_ended')
      await logIn(other.url, closing.user.email, closing.user.password)
    })

    it('nor one who came to it with a session from elsewhere, or from nowhere', async () => {
      const [moved, boss] = [await withSession(), await superAdmin()]
      const demoted = (await login(boss.email, boss.password)).body
      const closing = await newFacility(system)
      await system.admin.patch(moved.path, { facility_id: closing.id })
      await system.admin.patch(boss.path, { role: 'user', facility_id: closing.id })
      for (const verb of ['deactivate', 'reactivate'])
        await system.admin.post(`/api/v1/facilities/${closing.id}/${verb}`)
      for (const { refresh_token } of [moved.tokens, demoted])
        expectProblem(await refresh(refresh_token), 401, 'session_ended')
      await logIn(other.url, moved.email, moved.password)
    })

    it('in all sessions but the one that ends the others', async () => {
      const { api, tokens, elsewhere } = await withSession()
      expect((await api.post('/api/auth/end-others')).status).to.equal(204)
      await soon(elsewhere, 'session_ended')
      expectProblem(await refresh(tokens.refresh_token), 401, 'session_ended')
      expect((await api.get('/api/auth/me')).status).to.equal(200)
    })
  })

  describe('whose password is reset', () => {
    it('get the one that was made, told once, and must change it', async () => {
      const { path, email } = await withSession()
      const key = { 'Idempotency-Key': unique('key') }
      const { body } = await system.admin.post(`${path}/reset-password`, {}, key)
      expect(body.password).to.have.length.greaterThan(20)
      expect(body.must_change_password).to.equal(true)
      const again = await system.admin.post(`${path}/reset-password`, {}, key)
      expect([again.status, again.body.password]).to.deep.equal([200, undefined])
      const first = (await login(email, body.password)).body
      const api = apiOf(system.url, { Authorization: `Bearer ${first.access_token}` })
      for (const attempt of [
        api.get(`${path}`),
        api.get('/api/v1/facilities'),
        api.get('/api/auth/sessions'),
        api.post(users, {}),
      ])
        expectProblem(await attempt, 403, 'password_change_required')
      expect((await api.get('/api/auth/me')).status).to.equal(200)
      const changed = { current_password: body.password, new_password: 'my next good password' }
      expect((await api.post('/api/auth/change-password', changed)).status).to.equal(204)
      expect((await api.get('/api/v1/facilities')).status).to.equal(200)
    })

    it('or the one that was given, if it is no bad one', async () => {
      const { path, email } = await withSession()
      expectProblem(await system.admin.post(`${path}/reset-password`, { password: 'short' }), 400, 'invalid_request')
      const { body } = await system.admin.post(`${path}/reset-password`, { password: 'given by the admin' })
      expect(body).to.include({ must_change_password: true }).and.not.to.have.property('password')
      expect((await login(email, 'given by the admin')).body.must_change_password).to.equal(true)
    })

    it('are others: one’s own is changed with the one it had', async () => {
      const { api, id } = facility.facilityAdmin
      expectProblem(await api.post(`${users}/${id}/reset-password`), 403, 'forbidden')
    })
  })

  describe('who are super_admins', () => {
    it('come by promotion, which leaves the facility, and go again', async () => {
      const { path, id } = await create()
      const { body } = await system.admin.patch(path, { role: 'super_admin' })
      expect(body).to.include({ role: 'super_admin', facility_id: null })
      expectProblem(await system.admin.patch(path, { role: 'user' }), 409, 'facility_required')
      const down = await system.admin.patch(path, { role: 'user', facility_id: facility.id })
      expect(down.body).to.include({ role: 'user', facility_id: facility.id })
      expect((await system.admin.get(path, readAfter(down))).body).to.include({
        role: 'user',
        facility_id: facility.id,
      })
      const dismissals = (await system.store.read('superAdmins-system')).filter(({ data }) => data['user_id'] === id)
      expect(dismissals.map(({ type }) => type)).to.deep.equal(['SuperAdminAdmitted', 'SuperAdminDismissed'])
    })
  })
})
