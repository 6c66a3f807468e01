// Makes JavaScript of what is started as a process of its own: Node has it running in a third of the time that compiling at every start takes. It
// stays in a folder of its own below dist/, and is current as long as nothing it was made of changes. Packages are left where they are.
// Asked at every start, so it is plain JavaScript, and quick when nothing has changed.
import { createHash, randomUUID } from 'node:crypto'
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import * as path from 'node:path'

const PROGRAMS = [
  'ops/main.ts',
  'ops/embedded/eventstore/main.ts',
  'ops/embedded/s3/main.ts',
  'ops/embedded/inference/main.ts',
  'ops/roles/buildChild.ts',
]
/** Somebody may still run from what was made before. */
const KEPT_MS = 7 * 24 * 3600_000
/** Times of files may have lost their fractions on the way into an image, so they are compared by seconds. */
const SETTLED_MS = 2000

/**
 * The folder that holds the programs, compiled from the sources as they are: `ops/main.ts` is `ops/main.mjs` there.
 * @param {string} root the folder of package.json
 * @returns {string}
 */
export function compile(root) {
  const dist = path.join(root, 'dist')
  const note = path.join(dist, 'current.json')
  const known = read(note)
  if (known && digestOf(root, known.sources) === known.digest) return path.join(dist, known.folder)

  const started = Date.now()
  const folder = randomUUID()
  const { metafile } = createRequire(import.meta.url)('esbuild').buildSync({
    absWorkingDir: root,
    entryPoints: PROGRAMS,
    outdir: path.join(dist, folder),
    outbase: '.',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'silent',
  })
  const sources = Object.keys(metafile.inputs)
  // A source that was written meanwhile may be in it or not: the next start makes it again.
  const isSettled = sources.every((file) => fs.statSync(path.join(root, file)).mtimeMs < started - SETTLED_MS)
  if (isSettled) write(note, { folder, digest: digestOf(root, sources), sources })
  prune(dist, folder)
  return path.join(dist, folder)
}

function digestOf(root, sources) {
  const hash = createHash('sha256').update(process.versions.node)
  for (const file of sources) {
    const stat = fs.statSync(path.join(root, file), { throwIfNoEntry: false })
    hash.update(`\0${file}\0${stat && Math.floor(stat.mtimeMs / 1000)}\0${stat?.size}`)
  }
  return hash.digest('hex')
}

function read(note) {
  try {
    return JSON.parse(fs.readFileSync(note, 'utf8'))
  } catch {
    return undefined
  }
}

function write(note, content) {
  const temporary = `${note}.${randomUUID()}`
  fs.writeFileSync(temporary, JSON.stringify(content))
  fs.renameSync(temporary, note)
}

function prune(dist, folder) {
  for (const name of fs.readdirSync(dist)) {
    const at = path.join(dist, name)
    const age = Date.now() - (fs.statSync(at, { throwIfNoEntry: false })?.mtimeMs ?? Infinity)
    if (name !== folder && age > KEPT_MS) fs.rmSync(at, { recursive: true, force: true })
  }
}
