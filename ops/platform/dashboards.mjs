// Builds the dashboards where they are not what their sources say, so that nobody has to: asked at every start, and quick when nothing has
// changed. Plain JavaScript, as compile.mjs beside it. Where there is no vite, as in the image, what was built before is what there is.
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const DASHBOARDS = ['frontend', 'frontend-app']
/** Besides a dashboard's own folder. */
const ALSO_OF = ['packages/web-shared', 'domain/access.ts', 'package-lock.json']
const WORTH_IT = /\.(?:js|css|svg|html|json|map)$/
const WORTH_IT_BYTES = 1024

/**
 * @param {string} root the folder of package.json
 * @param {(line: string) => void} say
 * @returns {Promise<boolean>} false where a build failed: what it printed was said, and what was there before is there still
 */
export async function buildDashboards(root, say) {
  const vite = path.join(root, 'node_modules/vite/bin/vite.js')
  const stale = DASHBOARDS.filter((name) => fs.existsSync(path.join(root, name, 'package.json')))
    .map((name) => ({ name, digest: digestOf(root, name) }))
    .filter(({ name, digest }) => read(path.join(root, name, 'dist/.built')) !== digest)
  if (stale.length === 0 || !fs.existsSync(vite)) return true
  say(`Building ${stale.map(({ name }) => name).join(' and ')}`)
  const built = await Promise.all(stale.map((one) => build(root, vite, one, say)))
  return built.every(Boolean)
}

async function build(root, vite, { name, digest }, say) {
  const folder = path.join(root, name)
  const fresh = path.join(folder, `dist.${randomUUID()}`)
  const child = spawn(process.execPath, [vite, 'build', '--outDir', fresh, '--logLevel', 'warn'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece) => void (output += piece))
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) {
    fs.rmSync(fresh, { recursive: true, force: true })
    say(`${name} could not be built:\n${output.trim()}`)
    return false
  }
  compress(fresh)
  fs.writeFileSync(path.join(fresh, '.built'), digest)
  const dist = path.join(folder, 'dist')
  const before = `${fresh}.before`
  if (fs.existsSync(dist)) fs.renameSync(dist, before)
  fs.renameSync(fresh, dist)
  fs.rmSync(before, { recursive: true, force: true })
  return true
}

/** Beside each file that is worth it, what a browser gets instead. */
function compress(folder) {
  for (const file of filesIn(folder)) {
    const bytes = fs.readFileSync(file)
    if (!WORTH_IT.test(file) || bytes.length < WORTH_IT_BYTES) continue
    // 9 of 11: the last two levels take ten times as long for two percent.
    fs.writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
    fs.writeFileSync(`${file}.gz`, gzipSync(bytes))
  }
}

/** Of every byte that a build is made of: a checkout changes times, and not what is built. */
function digestOf(root, name) {
  const hash = createHash('sha256').update(process.versions.node)
  for (const place of [name, ...ALSO_OF])
    for (const file of filesIn(path.join(root, place)))
      hash.update(`\0${path.relative(root, file)}\0`).update(fs.readFileSync(file))
  return hash.digest('hex')
}

function filesIn(place) {
  const found = fs.statSync(place, { throwIfNoEntry: false })
  if (!found?.isDirectory()) return found ? [place] : []
  return fs
    .readdirSync(place)
    .filter((name) => name !== 'node_modules' && !name.startsWith('dist'))
    .sort()
    .flatMap((name) => filesIn(path.join(place, name)))
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

// By itself: `npm run build:web`, and when the image is made.
const self = fileURLToPath(import.meta.url)
if (process.argv[1] && fs.realpathSync(process.argv[1]) === self) {
  const root = path.resolve(path.dirname(self), '../..')
  process.exitCode = (await buildDashboards(root, (line) => console.log(line))) ? 0 : 1
}
