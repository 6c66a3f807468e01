// Makes a fresh clone ready to run: Node's version, node_modules, nats-server, ffmpeg. Runs before node_modules exists, so it is plain
// JavaScript without packages. Says nothing, runs nothing and touches no network when nothing is missing.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as util from 'node:util'

const OLDEST_NODE = [20, 19]
const APT_WAITS_SECONDS = 300
/** The runtime of models would fetch its CUDA libraries from elsewhere. `.npmrc` says so too, to an npm that still hands its keys on. */
const FROM_THE_REGISTRY_ALONE = { ONNXRUNTIME_NODE_INSTALL: 'skip' }

/** Every program that is needed, the variable that names it, where else it may be, and the apt package that brings it. */
const PROGRAMS = [
  {
    name: 'nats-server',
    variable: 'NATS_SERVER_PATH',
    folders: ['/usr/sbin', '/usr/local/bin'],
    unless: 'NATS_URL',
    apt: 'nats-server',
  },
  { name: 'ffmpeg', variable: 'FFMPEG_PATH', folders: [], apt: 'ffmpeg' },
  { name: 'ffprobe', variable: 'FFPROBE_PATH', folders: [], apt: 'ffmpeg' },
]
/** What specs need besides: a browser, and what a server is set up with. */
const forSpecs = (sbin) => [
  { name: 'chromium', variable: 'CHROMIUM_PATH', folders: ['/usr/bin'], apt: 'chromium' },
  { name: 'nginx', variable: 'NGINX_PATH', folders: [sbin], apt: 'nginx' },
  { name: 'shellcheck', variable: 'SHELLCHECK_PATH', folders: [], apt: 'shellcheck' },
]
/** And those of `npm run test:long`: certificates, from a server of our own. */
const FOR_LONG_SPECS = [
  { name: 'certbot', variable: 'CERTBOT_PATH', folders: [], apt: 'certbot' },
  { name: 'pebble', variable: 'PEBBLE_PATH', folders: [], apt: 'pebble' },
]

/** A sentence for the user: what is wrong and what to type. */
export class NotPrepared extends Error {}

function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_NODE
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw new NotPrepared(
    `Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${version}: see https://nodejs.org/en/download`,
  )
}

/** Whether node_modules is what package-lock.json says: by the digest kept at the last look, else by npm's own record of what is there. */
function packagesAreCurrent(root) {
  const lock = path.join(root, 'package-lock.json')
  const modules = path.join(root, 'node_modules')
  if (textOf(path.join(modules, '.prepared')) === digestOf(lock)) return true
  // npm writes this file last, so a broken-off installation has none.
  const there = textOf(path.join(modules, '.package-lock.json'))
  if (there === undefined || !samePackages(root, JSON.parse(textOf(lock)).packages, JSON.parse(there).packages))
    return false
  recordPackages(root)
  return true
}

function samePackages(root, wanted = {}, there = {}) {
  const optional = (entry) => entry.optional || entry.devOptional
  // After `npm install --package-lock-only` npm's record names what it never installed: look for the folders too.
  const present = (at) => there[at] && fs.existsSync(path.join(root, at))
  const missing = Object.entries(wanted).some(([at, entry]) => at !== '' && !present(at) && !optional(entry))
  return !missing && Object.entries(there).every(([at, entry]) => wanted[at] && wanted[at].version === entry.version)
}

function installPackages(root, env, say) {
  say('Installing packages: npm ci')
  const npm = env.npm_execpath
    ? [process.execPath, env.npm_execpath]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm']
  const [file, ...args] = [...npm, 'ci']
  const done = spawnSync(file, args, {
    cwd: root,
    env: { ...env, ...FROM_THE_REGISTRY_ALONE },
    stdio: 'inherit',
    shell: file.endsWith('.cmd'),
  })
  if (done.status !== 0) throw new NotPrepared('npm ci failed: see above; run it again once the cause is gone')
  recordPackages(root)
}

/** The programs that are not there. Throws when a variable names one that is not. */
function missingPrograms(env, programs = PROGRAMS) {
  return programs.filter(({ name, variable, folders, unless }) => {
    if (unless && env[unless]) return false
    if (env[variable]) {
      if (isProgram(env[variable])) return false
      throw new NotPrepared(`${variable} is ${env[variable]}, which is not a program: correct it, or unset it`)
    }
    const suffix = process.platform === 'win32' ? '.exe' : ''
    const places = [...(env.PATH || env.Path || '').split(path.delimiter).filter(Boolean), ...folders]
    return !places.some((folder) => isProgram(path.join(folder, name + suffix)))
  })
}

function installPrograms(missing, env, say) {
  const packages = [...new Set(missing.map(({ apt }) => apt))]
  if (!mayInstall()) throw new NotPrepared(whatToType(missing, packages, systemName()))

  const isDone = () => missingPrograms(env, missing).length === 0
  if (!aptInstalls([packages], { env, say, isDone }))
    throw new NotPrepared(`apt-get could not install ${packages.join(' and ')}: see above. ${elsewhere(missing)}`)
}

const mayInstall = () => systemName() === 'debian' && process.getuid() === 0

/** The first of these choices of packages that apt-get can install. False where it can none, and what it said is shown. */
function aptInstalls(choices, { env, say, isDone }) {
  say(`Installing ${choices.map((packages) => packages.join(' and ')).join(' or ')} through apt-get`)
  // Lists that cannot be refreshed are no reason to stop: what is on the machine may do.
  const updated = apt(['update'], env)
  // Another clone on this machine may have installed them while we waited for apt.
  if (isDone()) return true
  const failed = updated.status === 0 ? [] : [updated]
  for (const packages of choices) {
    const installed = apt(['install', '-y', '--no-install-recommends', ...packages], env)
    if (installed.status === 0 && isDone()) return true
    failed.push(installed)
  }
  for (const { output } of failed) say(output)
  return false
}

// DPkg::Lock::Timeout covers the installation, not the lock on the package lists: for that one we come back ourselves.
function apt(args, env) {
  const until = Date.now() + APT_WAITS_SECONDS * 1000
  for (;;) {
    const done = spawnSync('apt-get', ['-qq', '-o', `DPkg::Lock::Timeout=${APT_WAITS_SECONDS}`, ...args], {
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    })
    const output = `${done.stdout || ''}${done.stderr || ''}`.trim() || String(done.error || '')
    if (done.status === 0 || !/could not get lock|unable to lock/i.test(output) || Date.now() > until)
      return { status: done.status, output }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
  }
}

/** One clear sentence for this platform. */
function whatToType(missing, packages, system) {
  const names = missing.map(({ name }) => name).join(', ')
  const all = packages.join(' ')
  const commands = {
    debian: `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${all}`,
    darwin: `brew install ${all}`,
    win32: `scoop install ${all}`,
    alpine: `sudo apk add ${all}`,
    arch: `sudo pacman -S ${all}`,
  }
  const type = commands[system]
  return type
    ? `Not found: ${names}. Type: ${type}`
    : `Not found: ${names}. Install ${all} with this system's package manager. ${elsewhere(missing)}`
}

const elsewhere = (missing) =>
  `Or name what you have in ${missing.map(({ variable }) => variable).join(', ')}, or run everything in containers: docker compose up`

function systemName() {
  if (process.platform !== 'linux') return process.platform
  const release = textOf('/etc/os-release') || ''
  const ids = [...release.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)]
    .map(([, ids]) => ids.replace(/"/g, ''))
    .join(' ')
    .split(' ')
  return ['debian', 'alpine', 'arch'].find((id) => ids.includes(id)) || (ids.includes('ubuntu') ? 'debian' : 'other')
}

/**
 * `everything`: also what the configuration makes needless, such as nats-server when NATS_URL is set, and a browser and nginx; specs need it.
 * @param sbin where Debian puts servers, and looks for its policy
 */
export function prepare({ root, env, say, everything = false, sbin = '/usr/sbin' }) {
  checkNode()
  if (!packagesAreCurrent(root)) installPackages(root, env, say)
  const file = textOf(path.join(root, '.env'))
  const configured = { ...(file && util.parseEnv ? util.parseEnv(file) : {}), ...env }
  const missing = everything
    ? missingPrograms({ ...configured, NATS_URL: '' }, [
        ...PROGRAMS,
        ...forSpecs(sbin),
        ...(env.SPEC_LONG ? FOR_LONG_SPECS : []),
      ])
    : missingPrograms(configured)
  if (missing.length === 0) return
  const install = () => installPrograms(missing, configured, say)
  if (!mayInstall() || !missing.some(({ name }) => name === 'nginx')) return install()
  withoutStarting(path.join(sbin, 'policy-rc.d'), install)
  spawnSync('update-rc.d', ['nginx', 'disable'], { env })
}

/**
 * What `npm run bench -- ota` is measured beside: nginx, none of which is started but by the bench.
 * @param sbin where Debian puts it, and looks for its policy
 */
export function prepareBench({ env, say, sbin = '/usr/sbin' }) {
  const isDone = () => missingPrograms(env, [{ name: 'nginx', folders: [sbin] }]).length === 0
  if (isDone()) return
  if (!mayInstall())
    throw new NotPrepared(
      "Not found: nginx. Install it with this system's package manager; for root on Debian it is installed",
    )
  const install = () => aptInstalls([['nginx-light'], ['nginx']], { env, say, isDone })
  if (!withoutStarting(path.join(sbin, 'policy-rc.d'), install))
    throw new NotPrepared('apt-get could not install nginx-light or nginx: see above')
  // Nor is it started with the machine.
  spawnSync('update-rc.d', ['nginx', 'disable'], { env })
}

/** Packages of Debian start their servers unless this policy forbids it. Where this process is killed, the file goes when it is asked next. */
function withoutStarting(policy, install) {
  if (spawnSync(policy, ['nginx', 'start']).status === 101) return install()
  if (fs.existsSync(policy))
    throw new NotPrepared(`Not found: nginx, and ${policy} would let it be started: install it`)
  const forbids = `#!/bin/sh\nkill -0 ${process.pid} 2>/dev/null && exit 101\n/bin/rm -f "$0"\n`
  try {
    fs.writeFileSync(policy, forbids, { mode: 0o755, flag: 'wx' })
  } catch (error) {
    throw new NotPrepared(`Not found: nginx, which would be started: ${error.message}`)
  }
  try {
    return install()
  } finally {
    fs.rmSync(policy, { force: true })
  }
}

function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}

function textOf(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

const digestOf = (file) => createHash('sha256').update(fs.readFileSync(file)).digest('hex')

function recordPackages(root) {
  const modules = path.join(root, 'node_modules')
  fs.mkdirSync(modules, { recursive: true })
  fs.writeFileSync(path.join(modules, '.prepared'), digestOf(path.join(root, 'package-lock.json')))
}

const self = fileURLToPath(import.meta.url)
if (process.argv[1] && fs.realpathSync(process.argv[1]) === fs.realpathSync(self)) {
  try {
    const root = path.resolve(path.dirname(self), '..')
    const common = { env: process.env, say: (line) => console.log(line) }
    if (process.argv.includes('--bench')) prepareBench(common)
    else prepare({ root, ...common, everything: process.argv.includes('--all') })
  } catch (error) {
    if (!(error instanceof NotPrepared)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
