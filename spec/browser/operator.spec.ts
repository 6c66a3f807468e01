import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { embeddedInference } from '../embeddedInference.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { speechInNoise } from '../speech.ts'
import { newFacility, type System, theSystem } from '../system.ts'
import { faultsOfView, launch, logIn, narrowest, newPage, type Watched } from './chromium.ts'

describe('the recordings, in Chromium', function () {
  this.timeout(90_000)
  let system: System
  let browser: Browser
  let facility: Awaited<ReturnType<typeof newFacility>>
  let server: Awaited<ReturnType<typeof embeddedInference>>
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
    ;[browser, server] = await Promise.all([launch(), embeddedInference(system)])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

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
    // However fast they come: the player may still be on its way to the first when it is told of the second.
    for (let press = 0; press < 10; press++) {
      await position.evaluate((slider: any) => {
        const { KeyboardEvent } = slider.ownerDocument.defaultView
        for (const key of ['End', 'Home', 'ArrowRight', 'ArrowRight'])
          slider.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
      })
      await eventually(async () => expect(await secs()).to.equal(10))
    }

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

  const { wav, spoken } = speechInNoise()
  const speech = 'gate north.wav'

  it('show where somebody speaks, by themselves, and play from there at a click', async () => {
    const setting = `/api/v1/facilities/${facility.id}/settings/automatic_inference`
    const value = { enabled: true, model: 'silero-vad' }
    expect((await facility.facilityAdmin.api.put(setting, { value })).status).to.equal(200)
    const page = await opened('/app/', facility.facilityAdmin)
    await page.locator('input[type=file]').setInputFiles({ name: speech, mimeType: 'audio/wav', buffer: wav })
    await page
      .getByRole('row', { name: new RegExp(speech) })
      .getByText('Ready')
      .waitFor({ timeout: 30_000 })
    await page.getByRole('link', { name: speech }).click()
    const position = page.getByRole('slider', { name: 'Position' })
    await position.locator('[data-ready=true]').waitFor()

    const segments = page.getByRole('list', { name: 'Segments of speech' }).getByRole('button')
    await segments.first().waitFor()
    const shown = (await segments.allTextContents()).map((text) => /0:([\d.]+) – 0:([\d.]+).* (\d+) %/.exec(text)!)
    expect(shown).to.have.length(spoken.length)
    shown.forEach(([, start, end, confidence], i) => {
      expect(Number(start)).to.be.closeTo(spoken[i]![0], 0.35)
      expect(Number(end)).to.be.closeTo(spoken[i]![1], 0.35)
      expect(Number(confidence)).to.be.within(80, 100)
    })
    const regions = page.locator('[part~=region]')
    await eventually(async () => expect(await regions.count()).to.equal(spoken.length))
    expect(await faultsOfView(page)).to.deep.equal([])

    const playsFrom = async (secs: number) => {
      await page.getByRole('button', { name: 'Pause', exact: true }).waitFor()
      await eventually(async () =>
        expect(Number(await position.getAttribute('aria-valuenow'))).to.be.within(Math.floor(secs), secs + 4),
      )
      await page.getByRole('button', { name: 'Pause', exact: true }).click()
    }
    const [first, second] = spoken.map(([start]) => start) as [number, number]
    await segments.last().click()
    await playsFrom(second)
    expect(await segments.last().getAttribute('aria-current')).to.equal('true')
    await regions.first().click()
    await playsFrom(first)
    await segments.last().press('Enter')
    await playsFrom(second)
    await page.getByRole('button', { name: 'Switch to the dark colours' }).click()
    expect(Number(await position.getAttribute('aria-valuenow'))).to.be.at.least(Math.floor(second))
    expect(watched.faults).to.deep.equal([])
  })

  it('are listened to by models when they are asked, and again, and say what is different, and what it waits for', async () => {
    const page = await opened('/app/', facility.facilityAdmin, {
      ...{ permissions: ['clipboard-read', 'clipboard-write'], colorScheme: 'dark' },
    })
    await page.getByRole('link', { name: speech }).click()
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Ask a model…' }).click()
    await dialog.getByLabel('Threshold').fill('2')
    await dialog.getByRole('button', { name: 'Ask' }).click()
    await dialog.getByText(/0\.95/).last().waitFor()
    expect(await faultsOfView(page)).to.deep.equal([])
    await dialog.getByRole('combobox', { name: 'Model' }).click()
    await page.getByRole('option', { name: 'Sound levels' }).click()
    await dialog.getByRole('button', { name: 'Ask' }).click()
    await dialog.waitFor({ state: 'detached' })

    const levels = page.getByRole('region', { name: 'Sound levels' })
    const chart = levels.getByRole('img', { name: /RMS and peak level of each second/ })
    await chart.locator('path.recharts-curve').nth(1).waitFor()
    await levels.getByRole('img', { name: /Levels of 8 octaves from 63 to 8000 Hz/ }).waitFor()
    const position = page.getByRole('slider', { name: 'Position' })
    await position.locator('[data-ready=true]').waitFor()
    const box = (await chart.boundingBox())!
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
    await eventually(async () => expect(await position.getAttribute('aria-valuenow')).to.be.oneOf(['10', '11']))
    const mark = (await levels.locator('[data-mark=played]').first().boundingBox())!
    expect(mark.x).to.be.closeTo(box.x + box.width / 2, 3)

    const found = page.getByRole('region', { name: 'Speech' })
    const again = async (version: string) => {
      await found.getByRole('button', { name: 'Speech: run again' }).click()
      await dialog.getByLabel('Version').fill(version)
      await dialog.getByRole('button', { name: 'Run again' }).click()
    }
    await again('6')
    await found.getByText('Run again by version 6: the same as what version 6 found before.').waitFor()
    await again('9')
    await found.getByText(/No healthy server has its model: it waits/).waitFor()
    await found.getByRole('button', { name: 'Cancel' }).click()
    await found.getByRole('button', { name: 'Try again' }).waitFor()

    const lineage = page.getByRole('region', { name: 'Lineage' })
    await lineage
      .getByText(/-ar 16000 -c:a pcm_f32le/)
      .first()
      .waitFor()
    await lineage
      .getByText(`On the server ${server.id.slice(0, 8)}`)
      .first()
      .waitFor()
    await lineage.getByRole('button', { name: `Copy the SHA-256 of ${speech}` }).click()
    const { body } = await facility.user.api.get(`/api/v1/uploads?q=${encodeURIComponent(speech)}`)
    expect(await page.evaluate('navigator.clipboard.readText()')).to.equal(body.items[0].sha256)
    expect(await faultsOfView(page)).to.deep.equal([])
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
    await page.getByRole('link', { name: speech }).click()
    await page.locator('[data-ready=true]').waitFor()
    await page.locator('[data-mark=played]').first().waitFor()
    for (const name of ['Ask a model…', 'Speech: run again', 'Try again'])
      expect(await page.getByRole('button', { name }).count(), name).to.equal(0)
    const found = await faultsOfView(page)
    expect({ ...faults, ...(found.length > 0 && { found }) }).to.deep.equal({})
    expect(watched.faults).to.deep.equal([])
  })
})
