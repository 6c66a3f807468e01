import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { identify } from './identity.ts'
import { unprivileged, unprivilegedOwner } from './launch.ts'
import { endProcess } from './leftovers.ts'
import type { PostgresBinaries } from './postgresBinaries.ts'
import type { Site } from './site.ts'

const MAJOR = '18'

/** Makes `DATA_DIR/postgres` a cluster that can be started: creates it when there is none, and sets right what a crash left. */
export async function preparedFolder(site: Site, binaries: PostgresBinaries, password: string): Promise<string> {
  const folder = path.join(site.dataDir, 'postgres')
  const owner = unprivilegedOwner(site.launch)
  // Another user has to pass through DATA_DIR; what lies in it stays closed to him.
  if (owner) chmodSync(site.dataDir, 0o711)
  removeDrafts(folder)
  const version = versionOf(folder)
  if (version === undefined) await initialise(site, binaries, folder, password)
  else if (version !== MAJOR)
    throw new Error(`${folder} belongs to Postgres ${version}, this is ${MAJOR}: dump and load it`)
  if (owner !== undefined && statSync(folder).uid !== owner) giveTo(owner, folder)
  await clearPostmaster(site, folder)
  return folder
}

function versionOf(folder: string): string | undefined {
  if (existsSync(path.join(folder, 'PG_VERSION'))) return readFileSync(path.join(folder, 'PG_VERSION'), 'utf8').trim()
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new Error(`${folder} is neither empty nor a Postgres data folder (no PG_VERSION): move it away`)
  }
  return undefined
}

// Beside its final place and then renamed: an initdb that was killed half-way is never mistaken for a cluster. Under a name of its own
// each time, because one whose owner was killed may still be writing.
async function initialise(site: Site, { initdb }: PostgresBinaries, folder: string, password: string): Promise<void> {
  const draft = `${folder}.initdb.${randomUUID()}`
  const secret = `${folder}.password`
  const owner = unprivilegedOwner(site.launch)
  writeFileSync(secret, password, { mode: 0o600 })
  try {
    if (owner) lchownSync(secret, owner, owner)
    const { command, uid } = unprivileged(site.launch, [
      initdb,
      ...['-D', owner ? claimed(draft, owner) : draft, '-U', 'xylolabs', `--pwfile=${secret}`, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ...(process.platform === 'linux' ? ['--sync-method=syncfs'] : []),
    ])
    await completed(command, uid)
    renameSync(draft, folder)
  } finally {
    removeDrafts(folder)
  }
}

function removeDrafts(folder: string): void {
  for (const name of readdirSync(path.dirname(folder))) {
    if (!/^postgres\.(initdb|password)/.test(name)) continue
    try {
      rmSync(path.join(path.dirname(folder), name), { recursive: true, force: true })
    } catch {
      // It is still being written by an initdb that is about to end; the next start removes it.
    }
  }
}

function claimed(draft: string, owner: number): string {
  mkdirSync(draft, { mode: 0o700 })
  lchownSync(draft, owner, owner)
  return draft
}

const completed = ([file, ...args]: readonly [string, ...string[]], uid: number | undefined) =>
  new Promise<void>((resolve, reject) => {
    const as = uid === undefined ? '' : ` as user ${uid}, who must be able to reach DATA_DIR and node_modules`
    execFile(file, args, uid === undefined ? {} : { uid, gid: uid }, (error, stdout, stderr) => {
      if (error) reject(new Error(`initdb failed${as}: ${stderr.trim() || stdout.trim() || error.message}`))
      else resolve()
    })
  })

// After a change between a user namespace and a system user the files belong to the other one.
function giveTo(owner: number, folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    lchownSync(path.join(folder, entry), owner, owner)
  }
  lchownSync(folder, owner, owner)
}

// Postgres refuses to start when the pid in postmaster.pid exists, also when it now is another program, as it often is in a restarted
// container, or killed and not yet collected.
async function clearPostmaster(site: Site, folder: string): Promise<void> {
  const file = path.join(folder, 'postmaster.pid')
  if (!existsSync(file) || process.platform !== 'linux') return
  // The postmaster, or what a killed one left: a backend in a long calculation does not notice by itself that it is gone.
  for (const pid of readdirSync('/proc')
    .map(Number)
    .filter((pid) => isOurPostgres(pid, folder))) {
    const left = identify(pid, site.dataDir)
    if (left) await endProcess(left, site.dataDir)
  }
  rmSync(file, { force: true })
}

function isOurPostgres(pid: number, folder: string): boolean {
  if (!(pid > 0)) return false
  try {
    return path.basename(readlinkSync(`/proc/${pid}/exe`)) === 'postgres' && readlinkSync(`/proc/${pid}/cwd`) === folder
  } catch {
    return false
  }
}
