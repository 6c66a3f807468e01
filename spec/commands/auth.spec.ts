import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import jwt from 'jsonwebtoken'
import { crc32 } from 'node:zlib'
import { connectAlone } from '../../ops/platform/database.ts'
import { after, apiOf, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { anotherInstance, logIn, newFacility, type System, theSystem, unique } from '../system.ts'

describe('who is let in', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
  })

  const login = (email: string, password: string) => apiOf(system.url).post('/api/auth/login', { email, password })
  const refresh = (refresh_token: string) => apiOf(system.url).post('/api/auth/refresh', { refresh_token })
  const bearer = (token: string) => apiOf(system.url, { Authorization: `Bearer ${token}` })

  it('a person with the right password, whatever the case of the e-mail address', async () => {
    const { email, password } = facility.user
    const { status, body } = await login(email.toUpperCase(), password)
    expect(status).to.equal(200)
    expect(body).to.include({
      token_type: 'Bearer',
      expires_in: system.config.JWT_ACCESS_TTL_SECS,
      must_change_password: false,
    })
    expect(body.user).to.deep.equal({
      id: facility.user.id,
      email,
      name: 'user',
      role: 'user',
      facility_id: facility.id,
    })
    expect((await bearer(body.access_token).get('/api/auth/me')).body).to.deep.include({ id: facility.user.id, email })
  })

  it('who is told who they are as soon as the read model has them, and until then that it is behind', async () => {
    const email = `${unique('new')}@example.test`
    const connection = await connectAlone(system.config.DATABASE_URL, () => undefined)
    try {
      await connection.query('begin')
      await connection.query('lock table users_v1 in share row exclusive mode')
      const made = await system.admin.post('/api/v1/users', {
        email,
        password: 'a good password',
        name: 'N',
        role: 'super_admin',
      })
      expect(made.status).to.equal(201)
      const api = bearer((await login(email, 'a good password')).body.access_token)
      expectProblem(await api.get('/api/auth/me'), 503, 'read_model_behind')
      const asked = api.get('/api/auth/me')
      await connection.query('rollback')
      expect((await asked).body).to.deep.include({ id: made.body.id, email })
    } finally {
      await connection.end()
    }
  }).timeout(30_000)

  it('nobody else, with the same answer for an unknown address and a wrong password', async () => {
    const wrong = await login(facility.user.email, 'not the password')
    const unknown = await login('nobody@example.test', 'not the password')
    for (const answer of [wrong, unknown]) expectProblem(answer, 401, 'invalid_credentials')
    expect(wrong.body.detail).to.equal(unknown.body.detail)
  })

  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const unsigned = (header: object) => `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part({ sub: 'x' })}.`
  const tokens: Record<string, () => string | Promise<string>> = {
    'no token': () => '',
    'a malformed one': () => 'abc.def.ghi',
    'one signed by somebody else': () => jwt.sign({ typ: 'access', sub: facility.user.id }, 'x'.repeat(40)),
    'an unsigned one': () =>
      jwt.sign({ typ: 'access', sub: facility.user.id, sid: facility.user.id }, '', { algorithm: 'none' }),
    'one without a signature, by a secret there is not': () => unsigned({ kid: 'nobody' }),
    'one without a signature, by no secret': () => unsigned({}),
    'a refresh token': async () =>
      (await login(facility.user.email, facility.user.password)).body.refresh_token as string,
    'a tampered one': async () => {
      const { access_token } = (await login(facility.user.email, facility.user.password)).body
      const [head, , signature] = access_token.split('.')
      const claims = { ...(jwt.decode(access_token) as object), role: 'super_admin' }
      return `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`
    },
  }
  for (const [what, token] of Object.entries(tokens))
    it(`not with ${what}`, async () =>
      expectProblem(await bearer(await token()).get('/api/v1/facilities'), 401, 'unauthenticated'))

  it('not with an access token that has expired, which is said so', async () => {
    const { access_token } = (await login(facility.user.email, facility.user.password)).body
    const { header, payload } = jwt.decode(access_token, { complete: true }) as {
      header: { kid: string }
      payload: jwt.JwtPayload
    }
    const { exp: _, iat: __, ...claims } = payload
    const expired = jwt.sign(claims, system.config.JWT_SECRET, { keyid: header.kid, expiresIn: -1 })
    expectProblem(await bearer(expired).get('/api/v1/facilities'), 401, 'token_expired')
  })

  it('not with an access token that is older than they live by now, also where it was to live longer', async () => {
    const session = (await login(facility.user.email, facility.user.password)).body
    const { header, payload } = jwt.decode(session.access_token, { complete: true }) as {
      header: { kid: string }
      payload: jwt.JwtPayload
    }
    const aged = (secs: number) => {
      const claims = { ...payload, iat: payload.iat! - secs, exp: payload.exp! + 3600 }
      return jwt.sign(claims, system.config.JWT_SECRET, { keyid: header.kid })
    }
    const { JWT_ACCESS_TTL_SECS } = system.config
    expect((await bearer(aged(JWT_ACCESS_TTL_SECS - 60)).get('/api/auth/me')).status).to.equal(200)
    expectProblem(await bearer(aged(JWT_ACCESS_TTL_SECS)).get('/api/auth/me'), 401, 'token_expired')
  })

  it('with an access token of an instance whose clock is a minute ahead or behind, for as long as it lives by the clock here', async () => {
    const session = (await login(facility.user.email, facility.user.password)).body
    const { header, payload } = jwt.decode(session.access_token, { complete: true }) as {
      header: { kid: string }
      payload: jwt.JwtPayload
    }
    const madeElsewhere = (secs: number) => {
      const claims = { ...payload, iat: payload.iat! + secs, exp: payload.exp! + secs }
      return jwt.sign(claims, system.config.JWT_SECRET, { keyid: header.kid })
    }
    const { JWT_ACCESS_TTL_SECS: ttl } = system.config
    const before = await system.store.head()
    for (const secs of [60, -60, 120 - ttl])
      expect((await bearer(madeElsewhere(secs)).get('/api/auth/me')).status, String(secs)).to.equal(200)
    expectProblem(await bearer(madeElsewhere(-ttl - 60)).post('/api/auth/logout'), 401, 'token_expired')
    expect(await system.store.head()).to.equal(before)
  })

  it('not with an access token whose time is over since it was shown last', async () => {
    const session = (await login(facility.user.email, facility.user.password)).body
    const { header, payload } = jwt.decode(session.access_token, { complete: true }) as {
      header: { kid: string }
      payload: jwt.JwtPayload
    }
    const soon = { ...payload, exp: Math.ceil(Date.now() / 1000) + 1 }
    const api = bearer(jwt.sign(soon, system.config.JWT_SECRET, { keyid: header.kid }))
    for (let i = 0; i < 3; i++) expect((await api.get('/api/auth/me')).status).to.equal(200)
    const refused = await eventually(async () => {
      const answer = await api.get('/api/auth/me')
      expect(answer.status).to.equal(401)
      return answer
    })
    expectProblem(refused, 401, 'token_expired')
    expect(Date.now()).to.be.within(soon.exp * 1000 - 50, soon.exp * 1000 + 1000)
  })

  it('again with a refresh token, which is good once', async () => {
    const first = (await login(facility.user.email, facility.user.password)).body
    const second = await refresh(first.refresh_token)
    expect(second.status).to.equal(200)
    const third = await refresh(second.body.refresh_token)
    expect(third.status).to.equal(200)
    expectProblem(await refresh(first.refresh_token), 401, 'session_ended')
    expectProblem(await refresh(third.body.refresh_token), 401, 'session_ended')
    await eventually(async () =>
      expectProblem(await bearer(third.body.access_token).get('/api/auth/me'), 401, 'session_ended'),
    )
  })

  it('by one successor only when a refresh token is sent fifty times at once', async () => {
    const first = (await login(facility.user.email, facility.user.password)).body
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(first.refresh_token)))
    const successors = new Set(answers.map(({ body }) => body.refresh_token as string))
    expect(successors.size, 'a lost answer within the grace gets the same successor').to.equal(1)
    const { sid } = jwt.decode(first.access_token) as { sid: string }
    const events = await system.store.read(`session-${sid}`)
    expect(events.map(({ type }) => type)).to.deep.equal(['SessionStarted', 'SessionRefreshed'])
    expect((await refresh([...successors][0]!)).status).to.equal(200)
  })

  it('under the facility of the person, in every event of the session', async () => {
    const { access_token, refresh_token } = (await login(facility.user.email, facility.user.password)).body
    const again = (await refresh(refresh_token)).body
    await bearer(again.access_token).post('/api/auth/logout')
    const { sid } = jwt.decode(access_token) as { sid: string }
    const events = await system.store.read(`session-${sid}`)
    expect(events.map(({ type }) => type)).to.deep.equal(['SessionStarted', 'SessionRefreshed', 'SessionEnded'])
    for (const { metadata } of events)
      expect(metadata).to.deep.include({ facility_id: facility.id, actor: { kind: 'user', id: facility.user.id } })
  })

  it('not after logging out', async () => {
    const { access_token, refresh_token } = (await login(facility.user.email, facility.user.password)).body
    expect((await bearer(access_token).post('/api/auth/logout')).status).to.equal(204)
    await eventually(
      async () => expectProblem(await bearer(access_token).get('/api/auth/me'), 401, 'session_ended'),
      1000,
    )
    expectProblem(await refresh(refresh_token), 401, 'session_ended')
  })

  it('in the session that changed the password, and in no other', async () => {
    const someone = (await newFacility(system)).user
    const other = (await login(someone.email, someone.password)).body
    const changed = { current_password: someone.password, new_password: 'another good password' }
    expectProblem(
      await someone.api.post('/api/auth/change-password', { ...changed, current_password: 'wrong' }),
      401,
      'invalid_credentials',
    )
    expectProblem(
      await someone.api.post('/api/auth/change-password', { ...changed, new_password: 'short' }),
      400,
      'invalid_request',
    )
    expect((await someone.api.post('/api/auth/change-password', changed)).status).to.equal(204)
    await eventually(
      async () => expectProblem(await bearer(other.access_token).get('/api/auth/me'), 401, 'session_ended'),
      1000,
    )
    expectProblem(await refresh(other.refresh_token), 401, 'session_ended')
    expect((await someone.api.get('/api/auth/me')).status).to.equal(200)
    expectProblem(await login(someone.email, someone.password), 401, 'invalid_credentials')
    await logIn(system.url, someone.email, changed.new_password)
  })

  it('not in a session that was begun with a password of before, even when no read model knows of it', async () => {
    const someone = (await newFacility(system)).user
    const other = (await login(someone.email, someone.password)).body
    const { sid } = jwt.decode(other.access_token) as { sid: string }
    await eventually(async () =>
      expect((await system.database.query('delete from sessions where id = $1', [sid])).rowCount).to.equal(1),
    )
    const changed = { current_password: someone.password, new_password: 'another good password' }
    expect((await someone.api.post('/api/auth/change-password', changed)).status).to.equal(204)
    await eventually(
      async () => expectProblem(await bearer(other.access_token).get('/api/auth/me'), 401, 'session_ended'),
      1000,
    )
    expectProblem(await refresh(other.refresh_token), 401, 'session_ended')
    const last = (await system.store.read(`session-${sid}`)).at(-1)!
    expect([last.type, last.data['reason']]).to.deep.equal(['SessionEnded', 'password_changed'])
  })

  it('in sessions that one may see and end, if they are one’s own', async () => {
    const [mine, theirs] = [(await newFacility(system)).user, facility.user]
    const other = (await login(mine.email, mine.password)).body
    const listed = async (api: typeof mine.api) => (await api.get('/api/auth/sessions')).body.items as { id: string }[]
    const ids = await eventually(async () => {
      const items = await listed(mine.api)
      expect(items).to.have.length(2)
      return items.map(({ id }) => id)
    })
    const { sid } = jwt.decode(other.access_token) as { sid: string }
    expect(ids).to.include(sid)
    expect((await listed(theirs.api)).map(({ id }) => id)).not.to.include(sid)
    expectProblem(await theirs.api.delete(`/api/auth/sessions/${sid}`), 404, 'not_found')
    expect((await bearer(other.access_token).get('/api/auth/me')).status).to.equal(200)
    expect((await mine.api.delete(`/api/auth/sessions/${sid}`)).status).to.equal(204)
    await eventually(
      async () => expectProblem(await bearer(other.access_token).get('/api/auth/me'), 401, 'session_ended'),
      1000,
    )
  })

  it('not the people of a facility that was deactivated, within a second', async () => {
    const closing = await newFacility(system)
    const session = (await login(closing.user.email, closing.user.password)).body
    await system.admin.post(`/api/v1/facilities/${closing.id}/deactivate`)
    await eventually(async () => expectProblem(await closing.user.api.get('/api/auth/me'), 401, 'session_ended'), 1000)
    expectProblem(await refresh(session.refresh_token), 401, 'session_ended')
    expectProblem(await closing.sensor.upload(Buffer.from('x')), 401, 'unauthenticated')
    await system.admin.post(`/api/v1/facilities/${closing.id}/reactivate`)
    const again = await logIn(system.url, closing.user.email, closing.user.password)
    await eventually(async () => expect((await again.get('/api/auth/me')).status).to.equal(200))
    expectProblem(await closing.sensor.upload(Buffer.from('x')), 415, 'unsupported_media_type')
  })

  it('no device that was decommissioned, and nobody with a secret that only looks like the key’s', async () => {
    const { device, key, sensor } = await newFacility(system)
    const body = key.api_key.slice(0, -8).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    const forged = body + crc32(body).toString(16).padStart(8, '0')
    expectProblem(await system.as({ 'X-API-Key': forged }).upload(Buffer.from('x')), 401, 'unauthenticated')
    expectProblem(await sensor.upload(Buffer.from('no sound')), 415, 'unsupported_media_type')
    await system.admin.post(`/api/v1/devices/${device.id}/decommission`)
    expectProblem(await sensor.upload(Buffer.from('no sound')), 401, 'unauthenticated')
  })

  it('a device with its key until the key is revoked', async () => {
    const { id, api_key } = facility.key
    expectProblem(
      await system.as({ 'X-API-Key': api_key }).upload(Buffer.from('no sound')),
      415,
      'unsupported_media_type',
    )
    expectProblem(
      await system.as({ 'X-API-Key': `${api_key.slice(0, -1)}x` }).upload(Buffer.from('x')),
      401,
      'unauthenticated',
    )
    expectProblem(await facility.sensor.get('/api/v1/facilities'), 403, 'forbidden')
    expect((await facility.facilityAdmin.api.delete(`/api/v1/api-keys/${id}`)).status).to.equal(204)
    expectProblem(await facility.sensor.upload(Buffer.from('x')), 401, 'unauthenticated')
  })

  it('a key that is known already, whatever is made up behind its address, and no other then', async () => {
    const [met, unmet] = [(await newFacility(system)).key.api_key, (await newFacility(system)).key.api_key]
    // One of them is for the document that every answer is held against.
    const limited = await anotherInstance(system, { RATE_LIMIT_PER_MINUTE: 4 })
    try {
      const shown = (api_key: string) => apiOf(limited.url, { 'X-API-Key': api_key }).upload(Buffer.from('no sound'))
      const madeUp = () => {
        const body = `xyl_${randomBytes(16).toString('hex')}_${randomBytes(32).toString('base64url')}`
        return body + crc32(body).toString(16).padStart(8, '0')
      }
      expectProblem(await shown(met), 415, 'unsupported_media_type')
      for (let i = 0; i < 3; i++) expectProblem(await shown(madeUp()), 401, 'unauthenticated')
      for (const one of [madeUp(), unmet]) expectProblem(await shown(one), 429, 'rate_limited')
      expectProblem(await shown(met), 415, 'unsupported_media_type')
    } finally {
      await limited.stop()
    }
  })

  it('shows the secret of a key once', async () => {
    const key = { 'Idempotency-Key': unique('key') }
    const wanted = { name: 'key', facility_id: facility.id, scopes: ['upload'] }
    const first = await system.admin.post('/api/v1/api-keys', wanted, key)
    const again = await system.admin.post('/api/v1/api-keys', wanted, key)
    expect(first.body.api_key).to.match(/^xyl_[0-9a-f]{32}_/)
    const { api_key: _, ...shown } = first.body
    expect(again.body).to.deep.equal(shown)
  })
})

describe('people', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
  })
  const person = (more: object = {}) => ({
    email: `${unique('p')}@example.test`,
    name: 'P',
    role: 'user',
    password: 'a good password',
    ...more,
  })

  it('are sealed from the first event: the log as stored tells neither name nor address nor hash', async () => {
    const wanted = person({ facility_id: facility.id, name: 'Recognisable Name' })
    const { body } = await system.admin.post('/api/v1/users', wanted)
    const { EventStoreDBClient } = await import('@eventstore/db-client')
    const raw = EventStoreDBClient.connectionString(system.config.EVENTSTORE_URL)
    const stored: unknown[] = []
    for await (const { event } of raw.readStream(`user-${body.id}`)) stored.push(event)
    const text = JSON.stringify(stored, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
    expect(text).to.include('UserRegistered')
    for (const secret of [wanted.name, wanted.email, '$argon2']) expect(text).not.to.include(secret)
    await raw.dispose()
  })

  it('have a history that tells no password, to nobody', async () => {
    const { user } = await newFacility(system)
    const changed = { current_password: user.password, new_password: 'another good password' }
    const answer = await user.api.post('/api/auth/change-password', changed)
    const { body } = await system.admin.get(`/api/v1/users/${user.id}/history`, after(answer))
    expect(body.items.map(({ type }: { type: string }) => type)).to.deep.equal([
      'UserRegistered',
      'UserPasswordChanged',
      'UserPasswordChanged',
    ])
    expect(JSON.stringify(body)).not.to.match(/argon2|password_hash/)
  })

  it('refuse a repeated Idempotency-Key with another body, and reserve nothing for it', async () => {
    const key = { 'Idempotency-Key': unique('key') }
    const [wanted, other] = [person({ facility_id: facility.id }), person({ facility_id: facility.id })]
    expect((await system.admin.post('/api/v1/users', wanted, key)).status).to.equal(201)
    expectProblem(await system.admin.post('/api/v1/users', other, key), 409, 'idempotency_clash')
    expect((await system.admin.post('/api/v1/users', other)).status, 'the other address is still free').to.equal(201)
  })

  it('have an e-mail address of their own, also when fifty ask at once', async () => {
    const wanted = person({ facility_id: facility.id })
    const answers = await Promise.all(Array.from({ length: 50 }, () => system.admin.post('/api/v1/users', wanted)))
    expect(answers.filter(({ status }) => status === 201)).to.have.length(1)
    for (const answer of answers.filter(({ status }) => status !== 201)) expectProblem(answer, 409, 'email_taken')
  })

  it('are made by a facility_admin in its own facility, and never above it', async () => {
    const { api } = facility.facilityAdmin
    expect((await api.post('/api/v1/users', person())).body.facility_id).to.equal(facility.id)
    expectProblem(await api.post('/api/v1/users', person({ role: 'super_admin' })), 403, 'forbidden')
    const other = await newFacility(system)
    expectProblem(await api.post('/api/v1/users', person({ facility_id: other.id })), 404, 'not_found')
    expectProblem(await facility.user.api.post('/api/v1/users', person()), 403, 'forbidden')
  })

  it('have no password that everybody tries first, nor their own name or address', async () => {
    const bad = { password: 'Password1234', email: 'Hildegard.Knef@example.test', name: 'Recognisable Name' }
    for (const password of [bad.password, 'hildegard.knef', bad.email, 'RECOGNISABLE NAME']) {
      const answer = await system.admin.post('/api/v1/users', person({ ...bad, password, facility_id: facility.id }))
      expectProblem(answer, 400, 'invalid_request')
      expect(answer.body.errors.map(({ path }: { path: string }) => path)).to.deep.equal(['body.password'])
    }
    for (const password of ['elevenchars', 'x'.repeat(129), 'a lone \ud800 surrogate'])
      expectProblem(
        await system.admin.post('/api/v1/users', person({ password, facility_id: facility.id })),
        400,
        'invalid_request',
      )
  })

  it('must change a password that somebody else gave them before anything else', async () => {
    const wanted = person({ facility_id: facility.id })
    await system.admin.post('/api/v1/users', wanted)
    const { email, password } = wanted
    const first = (await apiOf(system.url).post('/api/auth/login', { email, password })).body
    expect(first.must_change_password).to.equal(true)
    const api = apiOf(system.url, { Authorization: `Bearer ${first.access_token}` })
    expectProblem(await api.get('/api/v1/facilities'), 403, 'password_change_required')
    expectProblem(await api.post('/api/auth/end-others'), 403, 'password_change_required')
    const { refresh_token } = first
    const again = (await apiOf(system.url).post('/api/auth/refresh', { refresh_token })).body
    const refreshed = apiOf(system.url, { Authorization: `Bearer ${again.access_token}` })
    expectProblem(await refreshed.get('/api/v1/facilities'), 403, 'password_change_required')
    const same = { current_password: password, new_password: password }
    expectProblem(await api.post('/api/auth/change-password', same), 400, 'invalid_request')
    const changed = { current_password: password, new_password: 'my own good password' }
    expect((await api.post('/api/auth/change-password', changed)).status).to.equal(204)
    expect((await api.get('/api/v1/facilities')).status, 'at once, with the token it has').to.equal(200)
    expect((await api.post('/api/auth/logout')).status).to.equal(204)
  })

  it('keep an address that a refused request asked for free', async () => {
    const wanted = person()
    expectProblem(await system.admin.post('/api/v1/users', wanted), 409, 'facility_required')
    expect((await system.admin.post('/api/v1/users', { ...wanted, facility_id: facility.id })).status).to.equal(201)
  })
})
