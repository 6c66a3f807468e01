import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes, randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as InferenceJob from '../../domain/inferenceJob.ts'
import { makeAdmin } from '../../ops/admins/making.ts'
import { after as readAfter } from '../api.ts'
import { eventually } from '../eventually.ts'
import { inferenceServer } from '../inferenceServer.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'
import { desktop, faultsOfView, launch, logIn, narrowest, newPage, type Watched } from './chromium.ts'

describe('the administration, in Chromium', function () {
  this.timeout(90_000)
  let system: System
  let browser: Browser
  let facility: Awaited<ReturnType<typeof newFacility>>
  let boss: { email: string; password: string }
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
    boss = await makeAdmin(system.config, {
      ...{ email: `${unique('boss')}@example.test`, name: 'Boss', mustChangePassword: false },
    })
    browser = await launch()
  })
  after(() => browser?.close())

  let watched: Watched
  afterEach(async function () {
    if (this.currentTest?.isFailed())
      await watched?.page.screenshot({ path: join(tmpdir(), `admin-spec-${Date.now()}.png`) })
    await watched?.page.context().close()
  })
  const opened = async (path = '/admin/', who = boss, more = {}) => {
    watched = await newPage(browser, system.url, more)
    await logIn(watched.page, path, who.email, who.password)
    return watched.page
  }
  const nothingWrong = () => expect(watched.faults).to.deep.equal([])

  it('asks for a password of one’s own first, and shows people no more than they may see', async () => {
    const [email, password, next] = [
      `${unique('ada')}@example.test`,
      randomBytes(9).toString('hex'),
      unique('a-long-password'),
    ]
    await system.admin.post('/api/v1/users', {
      ...{ email, password, name: 'Ada', role: 'facility_admin', facility_id: facility.id },
    })
    const page = await opened('/admin/users?q=ada', { email, password: 'not this one' })
    await page.getByRole('alert').getByText('E-mail address or password is wrong').waitFor()
    expect(await faultsOfView(page)).to.deep.equal([])
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Log in' }).click()

    await page.getByRole('heading', { name: 'Choose your password' }).waitFor()
    expect(await faultsOfView(page)).to.deep.equal([])
    await page.getByLabel('Current password').fill(password)
    await page.getByLabel('New password', { exact: true }).fill(next)
    await page.getByLabel('New password again').fill(next)
    await page.getByRole('button', { name: 'Change password' }).click()

    // Where it was going to.
    await page.getByRole('heading', { name: 'Users' }).waitFor()
    await page.getByRole('cell', { name: email }).waitFor()
    expect(await page.getByRole('searchbox').inputValue()).to.equal('ada')
    const places = await page.getByRole('navigation').getByRole('link').allTextContents()
    expect(places).to.include.members(['Devices', 'API keys', 'Rollouts']).and.not.include('Projections')

    // The session outlives the page.
    await page.reload()
    await page.getByRole('cell', { name: email }).waitFor()
    nothingWrong()
  })

  it('makes facilities and keys: what is written is there at once, a secret once', async () => {
    const page = await opened('/admin/facilities')
    const name = unique('Pump works')
    await page.getByRole('button', { name: 'New facility' }).click()
    const form = page.getByRole('dialog')
    await form.getByLabel('Name').fill(name)
    await form.getByLabel('Code').fill('Not A Code!')
    await form.getByRole('button', { name: 'Create facility' }).click()
    await form
      .getByText(/must|invalid|lower/i)
      .last()
      .waitFor()
    await form.getByLabel('Code').fill(unique('pumps'))
    const read = page.waitForRequest((asked) => asked.method() === 'GET' && asked.url().includes('/facilities?'))
    const [created] = await Promise.all([
      page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.status() === 201),
      form.getByRole('button', { name: 'Create facility' }).click(),
    ])
    expect((await read).headers()['read-after']).to.equal(created.headers()['event-position'])
    await form.waitFor({ state: 'detached' })
    await page.getByRole('searchbox').fill(name)
    await page.getByRole('link', { name }).waitFor()
    await page.waitForURL(({ searchParams }) => searchParams.get('q') === name)

    await page.getByRole('link', { name: 'API keys' }).click()
    await page.getByRole('button', { name: 'New key' }).click()
    await form.getByLabel('Name').fill(unique('north hall'))
    await form.getByRole('combobox', { name: 'Facility' }).click()
    await page.getByRole('option', { name }).click()
    await form.getByRole('button', { name: 'Create key' }).click()
    const secret = (await page.getByLabel('The secret').textContent())!
    expect(secret).to.match(/^xyl_/)
    const sensor = system.as({ 'X-API-Key': secret })
    expect((await sensor.get('/api/v1/firmware/check?current_version=1.0.0')).status).to.equal(403)
    await page.getByRole('button', { name: 'I have kept it' }).click()
    expect(await page.content()).not.to.include(secret)
    nothingWrong()
  })

  it('says when somebody else has changed what is being edited, and lets one choose', async () => {
    const { body: device } = await system.admin.post('/api/v1/devices', {
      ...{ facility_id: facility.id, name: 'old', serial: unique('s'), model: 'xs-1' },
    })
    const path = `/api/v1/devices/${device.id}`
    const page = await opened(`/admin/devices/${device.id}`)
    const edit = async (name: string) => {
      await page.getByRole('button', { name: 'Edit' }).click()
      await page.getByLabel('Name').fill(name)
      const theirs = await system.admin.patch(path, { name: `theirs before ${name}` })
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByRole('heading', { name: 'Somebody else has changed this' }).waitFor()
      return theirs
    }
    const theirs = await edit('mine')
    expect((await system.admin.get(path, readAfter(theirs))).body.name).to.equal('theirs before mine')
    await page.getByRole('button', { name: 'Save mine over it' }).click()
    await page.getByRole('heading', { level: 1, name: 'mine' }).waitFor()
    await edit('mine again')
    await page.getByRole('button', { name: 'Show what is there now' }).click()
    await page.getByRole('heading', { level: 1, name: 'theirs before mine again' }).waitFor()
    nothingWrong()
  })

  it('brings a new firmware file to a halted rollout', async () => {
    const model = unique('xs')
    for (const name of ['one', 'two', 'three'])
      await system.admin.post('/api/v1/devices', { facility_id: facility.id, name, serial: unique('s'), model })
    const page = await opened('/admin/releases')
    await page.getByRole('button', { name: 'New release' }).click()
    const dialog = page.getByRole('dialog')
    await page.locator('input[type=file]').setInputFiles({ name: 'xs.bin', mimeType: '', buffer: randomBytes(3000) })
    await dialog.getByLabel('Device model').fill(model)
    await dialog.getByLabel('Version', { exact: false }).first().fill('1.4.0')
    await dialog.getByRole('button', { name: 'Upload' }).click()
    await page.getByRole('heading', { level: 1, name: `${model} 1.4.0` }).waitFor()
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByRole('button', { name: 'Roll out…' }).click()
    await dialog.getByLabel('Shares of the fleet').fill('50, 100')
    await dialog.getByRole('button', { name: 'See what it would do' }).click()
    await dialog.getByText('It could reach 3 devices').waitFor()
    expect(await faultsOfView(page)).to.deep.equal([])
    await dialog.getByRole('button', { name: 'Start the rollout' }).click()

    await page.getByRole('heading', { level: 1, name: `Rollout of ${model} 1.4.0` }).waitFor()
    expect(await faultsOfView(page)).to.deep.equal([])
    await page.getByRole('button', { name: 'Halt' }).click()
    await dialog.getByLabel('Why').fill('deaf at night')
    await dialog.getByRole('button', { name: 'Halt now' }).click()
    await page.getByRole('alert').getByText('deaf at night').waitFor()
    await page.getByRole('button', { name: 'Resume' }).waitFor()
    const { body } = await system.admin.get(`/api/v1/firmware/rollouts?device_model=${model}`)
    expect(body.items[0]).to.include({ status: 'halted', reason: 'deaf at night' })
    nothingWrong()
  })

  it('has GPU servers registered, looked at, changed and removed, and shows when they were up', async () => {
    const server = await inferenceServer({ models: { 'silero-vad': ['6'] } })
    try {
      const page = await opened('/admin/gpu-servers')
      const name = unique('hall')
      await page.getByRole('button', { name: 'New server' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Name').fill(name)
      await dialog.getByLabel('URL').fill('http://169.254.169.254')
      await dialog.getByRole('button', { name: 'Register' }).click()
      await dialog.getByText(/link-local/).waitFor()
      await dialog.getByLabel('URL').fill(server.url)
      await dialog.getByLabel('Token').fill('a-token')
      await dialog.getByRole('button', { name: 'Register' }).click()

      await page.getByRole('heading', { level: 1, name }).waitFor()
      const health = page.getByRole('region', { name: 'Health' })
      await health.getByText('Up', { exact: true }).waitFor()
      await page.getByText('silero-vad 6').first().waitFor()
      await page.getByText('Sealed').waitFor()
      await server.close()
      const act = async (action: string) => {
        await page.getByRole('button', { name: `Actions for ${name}` }).click()
        await page.getByRole('menuitem', { name: action }).click()
      }
      await act('Check now')
      await page.getByRole('alert').getByText(`${name} is down`).first().waitFor()
      await health.getByText(/ECONNREFUSED/).waitFor()
      expect(await faultsOfView(page)).to.deep.equal([])

      await page.getByRole('button', { name: 'Edit' }).click()
      await dialog.getByLabel('Requests at the same time').fill('9')
      await dialog.getByRole('button', { name: 'Save' }).click()
      await page.getByText('0 of 9').waitFor()
      await act('Disable')
      await dialog.getByRole('button', { name: 'Disable' }).click()
      await page.getByText('Disabled', { exact: true }).first().waitFor()
      await act('Remove…')
      await dialog.getByRole('button', { name: 'Remove' }).click()
      await page.getByRole('heading', { level: 1, name: 'GPU servers' }).waitFor()
      await page.getByText('No server fits').waitFor()
      nothingWrong()
    } finally {
      await server.close()
    }
  })

  it('has failed jobs of the chosen kind tried again, all that are counted and no other number', async () => {
    const failed = async () => {
      const id = randomUUID()
      const upload_id = randomUUID()
      const at = new Date().toISOString()
      const about = { ...systemIntent('spec', id), facility_id: facility.id }
      const requested = { upload_id, facility_id: facility.id, model: 'silero-vad', priority: 'normal' as const }
      const happened: InferenceJob.Event[] = [
        { type: 'InferenceRequested', data: { ...requested, requested_at: at } },
        { type: 'InferenceFailed', data: { upload_id, reason: 'bad luck', failed_at: at } },
      ]
      return handle(system.store, InferenceJob, id, () => happened, about)
    }
    await failed()
    await failed()
    const page = await opened(`/admin/jobs?facility_id=${facility.id}`)
    await page.getByText('No job fits').waitFor()
    await page.getByRole('tab', { name: 'Transcoding' }).press('ArrowRight')
    await page.getByRole('button', { name: 'Failed 2' }).click()
    await page.waitForURL(({ searchParams }) => searchParams.get('status') === 'failed')
    await page.getByRole('cell', { name: 'bad luck' }).first().waitFor()
    expect(await faultsOfView(page)).to.deep.equal([])
    const again = async (count: number) => {
      await page.getByRole('button', { name: `Try all ${count} failed again…` }).click()
      await page.getByRole('dialog').getByText('that fit the filters').waitFor()
    }
    const confirm = () => page.getByRole('button', { name: 'Try them again' }).click()
    await again(2)
    // One more by the time it is confirmed: none is tried again.
    const { position } = await failed()
    await system.admin.get('/api/v1/inference-jobs', { 'Read-After': String(position) })
    await confirm()
    await page.getByText('3 failed jobs match, not 2; nothing was retried').waitFor()
    await again(3)
    await confirm()
    await page.getByText('3 tried again').waitFor()
    await page.getByText('No job fits').waitFor()
    await page.getByRole('button', { name: /^Queued 3/ }).click()
    await page.getByText('None has the model').first().waitFor()
    await page
      .getByRole('button', { name: /^Actions for job/ })
      .first()
      .click()
    await page.getByRole('menuitem', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Cancelled 1' }).waitFor()
    nothingWrong()
  })

  it('shows the log as it grows, and a stream of it both ways', async () => {
    const page = await opened('/admin/events')
    await page.getByRole('cell').first().waitFor()
    const stream = `${unique('story').replace('-', '')}-of it/all`
    const told = (type: string) => ({ id: randomUUID(), type, data: {}, metadata: {} })
    await system.store.append(stream, [told('StoryBegan'), told('StoryWentOn')], 'no_stream')
    await page.getByRole('cell', { name: 'StoryWentOn' }).waitFor()
    await page.getByRole('button', { name: stream }).first().click()
    await page.getByRole('heading', { level: 1, name: 'Events of a stream' }).waitFor()
    const types = () => page.locator('tbody td:nth-child(3)').allTextContents()
    await eventually(async () => expect(await types()).to.deep.equal(['StoryWentOn', 'StoryBegan']))
    await page.getByText('Oldest first').click()
    await eventually(async () => expect(await types()).to.deep.equal(['StoryBegan', 'StoryWentOn']))
    await system.store.append(stream, [told('StoryEnded')], 1)
    await eventually(async () => expect(await types()).to.deep.equal(['StoryBegan', 'StoryWentOn', 'StoryEnded']))
    expect(await faultsOfView(page)).to.deep.equal([])

    await page
      .getByRole('row', { name: /StoryBegan/ })
      .getByRole('link')
      .click()
    await page.getByRole('link', { name: 'What came after' }).click()
    await page.getByRole('heading', { level: 1, name: 'Events', exact: true }).waitFor()
    await eventually(async () => expect((await types()).slice(0, 2)).to.deep.equal(['StoryBegan', 'StoryWentOn']))
    nothingWrong()
  })

  it('shows an event of the log with what it did, and ends sessions of people', async () => {
    const page = await opened(`/admin/events?stream=user-${facility.user.id}`)
    await page.getByRole('cell', { name: 'UserPasswordChanged' }).waitFor()
    await page.getByLabel('Type begins with').fill('UserReg')
    await page.getByLabel('Type begins with').press('Enter')
    await page.getByRole('cell', { name: 'UserPasswordChanged' }).waitFor({ state: 'detached' })
    await page
      .getByRole('row', { name: /UserRegistered/ })
      .getByRole('link')
      .click()
    await page.getByRole('heading', { level: 1, name: 'UserRegistered' }).waitFor()
    await page
      .getByRole('region', { name: 'What it changed' })
      .getByRole('row', { name: /Email.*masked/ })
      .waitFor()
    expect(await page.getByLabel('The event').textContent()).to.include('"email": "[masked]"')
    expect(await page.content()).not.to.include(facility.user.email)
    expect(await faultsOfView(page)).to.deep.equal([])

    await page.goto(`/admin/users/${facility.user.id}`)
    const sessions = page.getByRole('region', { name: 'Where they are logged in' })
    await sessions.getByRole('button', { name: 'End', exact: true }).click()
    await sessions.getByText('No open session').waitFor()
    expect((await facility.user.api.get('/api/auth/me')).status).to.equal(401)
    expect(await faultsOfView(page)).to.deep.equal([])
    nothingWrong()
  })

  it('is one session in all tabs: they take turns at renewing it, and end together', async () => {
    const page = await opened('/admin/account')
    await page.getByRole('heading', { name: 'Account' }).waitFor()
    const other = watchedToo(await page.context().newPage())
    await other.goto('/admin/account')
    await other.getByText('This one').waitFor()
    await page.reload()
    await page.getByText('This one').waitFor()
    await page
      .getByRole('row', { name: /This one/ })
      .getByRole('button', { name: 'Log out' })
      .click()
    for (const one of [page, other]) await one.getByRole('button', { name: 'Log in' }).waitFor()
    nothingWrong()
  })
  const watchedToo = (page: Watched['page']) => {
    page.on('pageerror', (error) => watched.faults.push(error.message))
    return page
  }

  const places = [
    ...['Facilities', 'Users', 'API keys', 'Devices', 'Releases', 'Channels', 'Rollouts', 'Versions in use'],
    ...[
      'Signing keys',
      'Queues',
      'GPU servers',
      'Audit trail',
      'Refusals',
      'Events',
      'Projections',
      'Settings',
      'Overview',
    ],
  ]
  for (const [colorScheme, viewport, some] of [
    ['light', desktop, places],
    ['dark', narrowest, ['Devices', 'Queues', 'GPU servers', 'Events', 'Audit trail', 'Projections', 'Settings']],
  ] as const)
    it(`can be read by everybody, ${colorScheme}, ${viewport.width} pixels wide, on every page`, async () => {
      const page = await opened('/admin/', boss, { colorScheme, viewport })
      await page.getByRole('heading', { level: 1 }).waitFor()
      const faults: Record<string, string[]> = {}
      for (const name of some) {
        if (viewport === narrowest) await page.getByRole('button', { name: 'Navigation' }).click()
        await page.getByRole('navigation').getByRole('link', { name, exact: true }).click()
        await page.locator('[aria-current=page]', { hasText: name }).waitFor({ state: 'attached' })
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.locator('[aria-busy=true]').waitFor({ state: 'detached' })
        const found = await faultsOfView(page)
        if (found.length > 0) faults[name] = found
      }
      expect(faults).to.deep.equal({})
      nothingWrong()
    })
})
