// npm run docs: makes the documentation's static site in docs-site/dist, to be served below /docs/: by the app itself, and by nginx at docs.*.
import { spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { parseArgs } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'
import { assembled } from './pages.mjs'

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname)
const root = path.dirname(here)
const { values } = parseArgs({ options: { api: { type: 'string' }, help: { type: 'boolean', short: 'h' } } })
if (values.help) {
  console.log(`Usage: npm run docs -- [--api URL]

Makes the documentation in docs-site/dist, with the reference of the API.

  --api URL  of a running API, whose reference it is; without it one is started and stopped`)
  process.exit()
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: here, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) process.exit(status ?? 1)
}

/** What the API of this very source says of itself. */
async function reference() {
  if (values.api) return (await fetch(new URL('/api/openapi.json', values.api))).text()
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'xylolabs-docs-'))
  const { PATH, HOME } = process.env
  const env = { PATH, HOME, DATA_DIR: dataDir, BIND_ADDR: '127.0.0.1:0', LOG_LEVEL: 'error' }
  const server = spawn(process.execPath, [path.join(root, 'ops/run.mjs'), 'up'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    const address = path.join(dataDir, 'server.json')
    while (!fs.existsSync(address)) {
      if (server.exitCode !== null) throw new Error('The API did not start: npm start says why')
      await delay(100)
    }
    const { url } = JSON.parse(fs.readFileSync(address, 'utf8'))
    return await (await fetch(`${url}/api/openapi.json`)).text()
  } finally {
    server.kill('SIGTERM')
    if (server.exitCode === null) await new Promise((resolve) => server.once('exit', resolve))
    fs.rmSync(dataDir, { recursive: true, force: true })
  }
}

if (!fs.existsSync(path.join(here, 'node_modules'))) run('npm', ['ci'])
const document = await reference()
const pages = path.join(here, '.pages')
fs.rmSync(pages, { recursive: true, force: true })
for (const [page, text] of assembled(root)) {
  fs.mkdirSync(path.dirname(path.join(pages, page)), { recursive: true })
  fs.writeFileSync(path.join(pages, `${page}.md`), text)
}
const shown = path.join(pages, 'public')
fs.cpSync(path.join(root, 'docs/screenshots'), path.join(shown, 'screenshots'), { recursive: true })
fs.mkdirSync(path.join(shown, 'reference'))
fs.writeFileSync(path.join(shown, 'reference/openapi.json'), document)
fs.copyFileSync(path.join(here, 'reference.html'), path.join(shown, 'reference/index.html'))
for (const name of ['redoc.standalone.js', 'redoc.standalone.js.LICENSE.txt'])
  fs.copyFileSync(path.join(here, 'node_modules/redoc/bundles', name), path.join(shown, 'reference', name))
run(path.join(here, 'node_modules/.bin/rspress'), ['build'])
console.log(`made ${path.relative(process.cwd(), path.join(here, 'dist'))}`)
