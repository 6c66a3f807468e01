import { expect } from 'chai'
import { type Browser, chromium } from 'playwright-core'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem } from '../system.ts'

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const args = [
  ...['--no-sandbox', '--disable-quic', '--disable-background-networking', '--mute-audio'],
  '--autoplay-policy=no-user-gesture-required',
]

interface Played {
  begun: number
  places: number[]
  duration: number
  seekable: number
}

/** Run there, so in its own words: plays, then goes to two places. */
const play = `async (src) => {
  const audio = document.createElement('audio')
  const when = (event) =>
    new Promise((resolve, reject) => {
      audio.addEventListener(event, resolve, { once: true })
      audio.addEventListener('error', () => reject(new Error(audio.error?.message)), { once: true })
    })
  const playing = when('timeupdate')
  audio.src = src
  await audio.play()
  await playing
  const begun = audio.currentTime
  const places = []
  for (const place of [25, 5]) {
    const seeked = when('seeked')
    audio.currentTime = place
    await seeked
    await when('timeupdate')
    places.push(audio.currentTime)
  }
  return { begun, places, duration: audio.duration, seekable: audio.seekable.end(0) }
}`

describe('in Chromium, an audio element', function () {
  this.timeout(60_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let path: string
  let browser: Browser
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
    path = (await facility.sensor.upload(sound('wav', { seconds: 30 }))).headers.get('Location')!
    await eventually(async () => expect((await system.admin.get(path)).body.status).to.equal('ready'), 30_000)
    browser = await chromium.launch({ executablePath, args })
  })
  after(() => browser?.close())

  for (const format of ['webm', 'mp4'])
    it(`plays ${format} from a signed link, on a page of another origin, and seeks in it`, async () => {
      const { body } = await facility.user.api.post(`${path}/playback-url`, { format })
      const page = await browser.newPage()
      const asked: (string | undefined)[] = []
      const answered: number[] = []
      page.on('request', (request) => request.url().includes('/stream') && asked.push(request.headers()['range']))
      page.on('response', (response) => response.url().includes('/stream') && answered.push(response.status()))
      const src = new URL(body.url as string, system.url).href
      const played: Played = await page.evaluate(`(${play})(${JSON.stringify(src)})`)
      expect(played.duration).to.be.closeTo(30, 0.2)
      expect(played.seekable).to.be.closeTo(30, 0.2)
      expect(played.begun).to.be.within(0, 5)
      expect(played.places[0]).to.be.within(25, 29)
      expect(played.places[1]).to.be.within(5, 9)
      expect(asked[0]).to.equal('bytes=0-')
      expect(new Set(answered)).to.deep.equal(new Set([206]))
      await page.close()
    })
})
