import { rmSync } from 'node:fs'
import { expect } from 'chai'
import { apiOf, expectProblem } from '../api.ts'
import { type Ended, type Running, runProcess, startProcess } from '../process.ts'
import { firstLogin, temporaryDataDir } from '../system.ts'

describe('admin:create', function () {
  this.timeout(90_000)
  const dataDir = temporaryDataDir()
  let running: Running | undefined
  after(async () => {
    await running?.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const create = (...args: string[]) => runProcess(['admin:create', ...args], { DATA_DIR: dataDir })
  const printed = ({ output }: Ended) => {
    const [, email, password] = /^email: (.*)\npassword: (.*)$/m.exec(output) ?? []
    if (email === undefined || password === undefined) throw new Error(output)
    return { email, password }
  }
  let made: Ended[]

  it('makes a super_admin in the log of a data folder that nothing runs on, and in that of a running server', async () => {
    made = [await create('--email', 'before@example.test')]
    running = await startProcess(dataDir)
    made.push(await create('--email', 'during@example.test', '--name', 'Second'))
    for (const { code } of made) expect(code).to.equal(0)
    expect(made.map((one) => printed(one).email)).to.deep.equal(['before@example.test', 'during@example.test'])
  })

  it('whose password must be changed before anything else, and who then has every right', async () => {
    for (const one of made) {
      const { email, password } = printed(one)
      const { body } = await apiOf(running!.url).post('/api/auth/login', { email, password })
      const api = apiOf(running!.url, { Authorization: `Bearer ${body.access_token}` })
      expectProblem(await api.get('/api/v1/users'), 403, 'password_change_required')
      const admin = await firstLogin(running!.url, { email, password }, 'my own good password')
      const { items } = (await admin.get(`/api/v1/users?q=${email}`)).body
      expect(items).to.have.length(1)
      expect(items[0]).to.include({ email, role: 'super_admin', status: 'active', must_change_password: false })
    }
  })

  it('is an event like any other, of whoever operates the system', async () => {
    const { body } = await apiOf(running!.url).post('/api/auth/login', {
      ...{ email: 'during@example.test', password: 'my own good password' },
    })
    const api = apiOf(running!.url, { Authorization: `Bearer ${body.access_token}` })
    const { items } = (await api.get(`/api/v1/users/${body.user.id}/history`)).body
    expect(items[0]).to.include({ type: 'UserRegistered' })
    expect(items[0].actor).to.deep.equal({ kind: 'system', id: 'operator', name: 'operator' })
  })

  it('refuses an address that is taken, and one that is none, with a sentence', async () => {
    for (const [email, sentence] of [
      ['before@example.test', 'Another user has this e-mail address'],
      ['nonsense', '--email must be an e-mail address'],
    ] as const) {
      const { code, output } = await create('--email', email)
      expect([code, output.trim()]).to.deep.equal([1, sentence])
    }
  })
})
