import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem } from '../system.ts'
import { faultsOfView, launch, logIn, narrowest, newPage, type Watched } from './chromium.ts'

describe('the recordings, in Chromium', function () {
  this.timeout(90_000)
  let system: System
  let browser: Browser
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
    browser = await launch()
  })
  after(() => browser?.close())

  let watched: Watched
  afterEach(async function () {
    if (this.currentTest?.isFailed())
      await watched?.page.screenshot({ path: join(tmpdir(), `operator-spec-${Date.now()}.png`) })
    await watched?.page.context().close()
  })
  const opened = async (path: string, who: { email: string; password: string }, more = {}) => {
    watched = await newPage(browser, system.url, more)
    await logIn(watched.page, path, who.email, who.password)
    return watched.page
  }

  it('are sent by hand, become playable by themselves, and are played where one clicks', async () => {
    const page = await opened('/app/', facility.facilityAdmin)
    await page.getByText('No recording has come in yet').waitFor()
    expect(await faultsOfView(page)).to.deep.equal([])
    const wav = sound('wav', { seconds: 20 })
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'pump at night.wav', mimeType: 'audio/wav', buffer: wav })
    await page.getByRole('status').getByText('Sent').waitFor()
    await page
      .getByRole('row', { name: /pump at night/ })
      .getByText('Ready')
      .waitFor({ timeout: 30_000 })
    await page.getByRole('link', { name: 'pump at night.wav' }).click()

    const position = page.getByRole('slider', { name: 'Position' })
    await position.locator('[data-ready=true]').waitFor()
    expect(await faultsOfView(page)).to.deep.equal([])
    const secs = async () => Number(await position.getAttribute('aria-valuenow'))
    await page.getByRole('button', { name: 'Play' }).click()
    await eventually(async () => expect(await secs()).to.be.at.least(1))
    // Three quarters along the waveform.
    const box = (await position.boundingBox())!
    await page.mouse.click(box.x + box.width * 0.75, box.y + box.height / 2)
    await eventually(async () => expect(await secs()).to.be.at.least(15))
    await page.getByRole('button', { name: 'Pause' }).click()
    await position.focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowRight')
    await eventually(async () => expect(await secs()).to.equal(5))

    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download original' }).click(),
    ])
    expect(saved.suggestedFilename()).to.equal('pump at night.wav')
    expect(watched.faults).to.deep.equal([])
  })

  it('say why one is none', async () => {
    const page = await opened('/app/', facility.facilityAdmin)
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'letter.wav', mimeType: 'audio/wav', buffer: Buffer.from('Dear pump, how are you?') })
    await page
      .getByRole('listitem')
      .filter({ hasText: 'letter.wav' })
      .getByRole('button', { name: 'Try again' })
      .waitFor()
    const told = await page.getByRole('listitem').filter({ hasText: 'letter.wav' }).getByRole('status').textContent()
    expect(told).to.match(/audio|sound|recording/i)
    expect(watched.faults).to.deep.equal([])
  })

  it('are for those who only listen as well, on the smallest phone, in the dark; nothing is offered that they may not do', async () => {
    const page = await opened('/app/', facility.user, { viewport: narrowest, colorScheme: 'dark' })
    await page.getByRole('table', { name: 'Recordings' }).waitFor()
    expect(await page.getByRole('region', { name: 'Send recordings' }).count()).to.equal(0)
    const faults: Record<string, string[]> = {}
    for (const name of ['Devices', 'Statistics', 'Recordings']) {
      await page.getByRole('button', { name: 'Navigation' }).click()
      await page.getByRole('link', { name, exact: true }).click()
      await page.getByRole('heading', { level: 1, name }).waitFor()
      await page.locator('[aria-busy=true]').waitFor({ state: 'detached' })
      const found = await faultsOfView(page)
      if (found.length > 0) faults[name] = found
    }
    await page.getByRole('link', { name: 'pump at night.wav' }).click()
    await page.locator('[data-ready=true]').waitFor()
    const found = await faultsOfView(page)
    expect({ ...faults, ...(found.length > 0 && { found }) }).to.deep.equal({})
    expect(watched.faults).to.deep.equal([])
  })
})
