import { once } from 'node:events'
import { rmSync, statSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { eventually } from '../eventually.ts'
import { adminCredentials, type Running, runProcess, startProcess } from '../process.ts'
import { probed } from '../sounds.ts'
import { logIn, temporaryDataDir } from '../system.ts'

const lists = ['facilities', 'users', 'devices', 'api-keys', 'uploads', 'transcode-jobs'] as const

describe('the first day of a new installation', function () {
  this.timeout(90_000)
  const dataDir = temporaryDataDir()
  let running: Running
  let before: Record<string, unknown>

  after(async () => {
    await running?.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })

  async function everything(): Promise<Record<string, unknown>> {
    const { email, password } = await adminCredentials(dataDir)
    const api = await logIn(running.url, email, password)
    // Waits for the newest of them, whoever asks.
    expect((await api.get('/api/auth/me')).status).to.equal(200)
    const entries = await Promise.all(
      lists.map(async (name) => [name, (await api.get(`/api/v1/${name}?per_page=100`)).body.items] as const),
    )
    return Object.fromEntries(entries)
  }

  async function plays() {
    const { email, password } = await adminCredentials(dataDir)
    const api = await logIn(running.url, email, password)
    for (const { id } of before['uploads'] as { id: string }[]) {
      expect(probed((await api.get(`/api/v1/uploads/${id}/stream?format=webm`)).bytes).codec).to.equal('opus')
      expect(probed((await api.get(`/api/v1/uploads/${id}/stream?format=mp4`)).bytes).codec).to.equal('aac')
      expect((await api.get(`/api/v1/uploads/${id}/download`)).status).to.equal(200)
    }
  }

  it('starts with nothing but a folder, and says where everything is', async () => {
    running = await startProcess(dataDir)
    // The address may be known before the last line has come through the pipe.
    await eventually(() => expect(running.output()).to.include('is ready').and.to.include('bootstrap-credentials.txt'))
    expect(statSync(join(dataDir, 'bootstrap-credentials.txt')).mode & 0o777).to.equal(0o600)
    const ready = await fetch(`${running.url}/health/ready`)
    expect([ready.status, ((await ready.json()) as { status: string }).status]).to.deep.equal([200, 'ready'])
  })

  it('shows itself by the demo, against the running server', async () => {
    const { code, output } = await runProcess(['demo'], { DATA_DIR: dataDir })
    expect(output.trim().split('\n').at(-1), output).to.equal('demo: ok')
    expect(code).to.equal(0)
    before = await everything()
    expect((before['uploads'] as { status: string }[]).map(({ status }) => status)).to.deep.equal(['ready', 'ready'])
    await plays()
  })

  it('has everything again after kill -9 of all of it', async () => {
    await running.kill()
    running = await startProcess(dataDir)
    expect(await everything()).to.deep.equal(before)
    await plays()
  })

  it('rebuilds every read model when Postgres is lost, makes no second admin and removes no object', async () => {
    expect(await running.stop()).to.equal(0)
    rmSync(join(dataDir, 'postgres'), { recursive: true })
    running = await startProcess(dataDir)
    // When keys were used last is kept beside the log, and forgotten with it.
    const forgotten = (all: object) =>
      JSON.parse(JSON.stringify(all, (field, value: unknown) => (field === 'last_used_at' ? null : value))) as object
    await eventually(async () => expect(forgotten(await everything())).to.deep.equal(forgotten(before)))
    // The first one, the demo's, and the operator's of this spec.
    expect(before['users']).to.have.length(3)
    await plays()
  })

  it('refuses a second start on the same folder with a sentence', async () => {
    const { code, output } = await runProcess(['up'], { DATA_DIR: dataDir })
    expect(code).to.equal(1)
    expect(output)
      .to.match(/in use/)
      .and.not.match(/\n\s+at /)
  })
})

describe('the demo', function () {
  this.timeout(90_000)
  const dataDir = temporaryDataDir()
  after(() => rmSync(dataDir, { recursive: true, force: true }))

  it('starts a server for itself when none is running, and stops it again', async () => {
    const { code, output } = await runProcess(['demo'], { DATA_DIR: dataDir })
    expect([code, output.trim().split('\n').at(-1)], output).to.deep.equal([0, 'demo: ok'])
  })

  it('says what failed, and exits with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`
    const { code, output } = await runProcess(['demo'], { DATA_DIR: dataDir, BIND_ADDR: address })
    taken.close()
    expect(code).to.equal(1)
    expect(output).to.match(/demo: failed: .*BIND_ADDR/)
  })
})

describe('an environment that is not complete', () => {
  it('is refused at once, with all its faults and none of its values', async () => {
    const { code, output } = await runProcess(['up'], {
      DATABASE_URL: 'postgres://secret-value@127.0.0.1/x',
      JWT_SECRET: 'tooshort',
      DATA_DIR: temporaryDataDir(),
    })
    expect(code).to.equal(1)
    for (const name of [
      'JWT_SECRET',
      'JWT_REFRESH_SECRET',
      'DATA_ENCRYPTION_KEY',
      'INITIAL_ADMIN_EMAIL',
      'CORS_ALLOWED_ORIGINS',
    ])
      expect(output).to.include(name)
    expect(output).not.to.match(/secret-value|tooshort/)
  })
})
