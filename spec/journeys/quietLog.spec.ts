import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { apiOf } from '../api.ts'
import { bootstrapCredentials, type Running, startProcess } from '../process.ts'
import { temporaryDataDir, unique } from '../system.ts'

describe('the log of a run', function () {
  this.timeout(60_000)
  const dataDir = temporaryDataDir()
  let running: Running
  before(async () => {
    running = await startProcess(dataDir, { env: { LOG_LEVEL: 'trace' } })
  })
  after(async () => {
    await running?.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('tells no password, token, key or secret, whatever is asked and however it is refused', async () => {
    const { email, password } = bootstrapCredentials(dataDir)
    const secrets = [password]
    const anybody = apiOf(running.url)
    const kept = (secret: string) => (secrets.push(secret), secret)
    const logIn = (with_: string) => anybody.post('/api/auth/login', { email, password: with_ })

    await logIn(kept(unique('a-wrong-password')))
    await anybody.post('/api/auth/login', `{"email":"${email}","password":"${kept(unique('cut-off-password'))}`)
    const { access_token, refresh_token } = (await logIn(password)).body as Record<string, string>
    kept(access_token!)
    const api = apiOf(running.url, { Authorization: `Bearer ${access_token}` })
    const next = kept(unique('the-next-password'))
    await api.post('/api/auth/change-password', { current_password: password, new_password: next, password: 1 })
    await api.post('/api/auth/change-password', { current_password: password, new_password: next })
    const refreshed = await anybody.post('/api/auth/refresh', { refresh_token: kept(refresh_token!) })
    if (refreshed.status === 200) [refreshed.body.access_token, refreshed.body.refresh_token].map(kept)
    await anybody.post('/api/auth/refresh', { refresh_token })
    const again = (await logIn(next)).body as Record<string, string>
    const admin = apiOf(running.url, { Authorization: `Bearer ${kept(again['access_token']!)}` })

    const facility = (await admin.post('/api/v1/facilities', { name: 'Plant', code: unique('plant') })).body
    const key = { name: 'key', facility_id: facility.id, scopes: ['upload'] }
    const { api_key } = (await admin.post('/api/v1/api-keys', key)).body
    const sensor = apiOf(running.url, { 'X-API-Key': kept(api_key) })
    await sensor.upload(Buffer.from('no sound'))
    await sensor.get('/api/v1/facilities')
    await apiOf(running.url, { 'X-API-Key': `${api_key}x` }).get('/api/v1/facilities')
    await apiOf(running.url, { Authorization: `Bearer ${access_token}x` }).get('/api/v1/facilities')
    await anybody.get(`/api/v1/facilities?token=${access_token}&api_key=${api_key}`)

    const generated = Object.entries(JSON.parse(readFileSync(join(dataDir, 'secrets.json'), 'utf8')) as object)
    for (const [name, value] of generated) if (/SECRET|PASSWORD|KEY|TOKEN/.test(name)) kept(String(value))
    await running.stop()
    const log = running.output()
    expect(log).to.include('"level":').and.have.lengthOf.above(1000)
    const lines = log.split('\n')
    const telling = lines.filter((line) => secrets.some((secret) => line.includes(secret)))
    expect(telling.map((line) => line.slice(0, 300))).to.deep.equal([])
    expect(secrets.every((secret) => secret.length >= 12)).to.equal(true)
    expect(secrets).to.have.lengthOf.above(15)
  })
})
