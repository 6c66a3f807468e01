import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { buildDashboards } from '../../ops/platform/dashboards.mjs'
import { root } from '../../ops/platform/root.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The dashboards as they are now, and Debian's Chromium, which asks nobody but this machine. */
export async function launch(): Promise<Browser> {
  const said: string[] = []
  if (!(await buildDashboards(root, (line: string) => said.push(line)))) throw new Error(said.join('\n'))
  return chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: [
      ...['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--mute-audio'],
      ...['--autoplay-policy=no-user-gesture-required'],
    ],
  })
}

export interface Watched {
  page: Page
  /** What should not be: errors of scripts, what the policy forbade, requests of others, answers that are faults of the server. */
  faults: string[]
}

export const desktop = { width: 1280, height: 800 }
export const narrowest = { width: 320, height: 700 }

/** A page of a browser of somebody's own. */
export async function newPage(browser: Browser, baseURL: string, more: BrowserContextOptions = {}): Promise<Watched> {
  const options = { viewport: desktop, colorScheme: 'light', reducedMotion: 'reduce', locale: 'en-GB' } as const
  const context = await browser.newContext({ baseURL, timezoneId: 'UTC', ...options, ...more })
  context.setDefaultTimeout(15_000)
  return watched(await context.newPage(), baseURL)
}

export function watched(page: Page, baseURL: string): Watched {
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => /Content Security Policy/.test(message.text()) && faults.push(message.text()))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(baseURL) && !/^(?:blob|data):/.test(url)) faults.push(`asks ${url}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 500) faults.push(`${response.status()} ${response.url()}`)
  })
  return { page, faults }
}

/** What WCAG 2.1 AA finds wrong with what is shown, and whether it is wider than the window. */
export async function faultsOfView(page: Page): Promise<string[]> {
  const run = `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })
    .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 200)).join('; ')))`
  await page.evaluate(`${axe};0`)
  const found = (await page.evaluate(run)) as string[]
  const wider = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number
  return [...found, ...(wider > 0 ? [`wider than the window by ${wider}`] : [])]
}

export async function logIn(page: Page, path: string, email: string, password: string): Promise<void> {
  await page.goto(path)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}
