import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { type Copied, copyLog } from '../embedded/eventstore/log/backup.ts'
import { takeFolder } from '../embedded/eventstore/log/folder.ts'
import { segmentFiles, syncFolder } from '../embedded/eventstore/log/segment.ts'

type Progress = (done: number, total: number) => void

/**
 * `backup.json`: which folder beside it holds the log. Whatever else lies there is none. `whole`, where it holds the objects too: SHA-256 of
 * each file of that folder, and which DATA_ENCRYPTION_KEY (its fingerprint) all is sealed with.
 */
const manifestShape = z.object({
  folder: z.string().regex(/^log-\d{14}-[0-9a-f]{8}$/),
  position: z.number(),
  taken_at: z.iso.datetime(),
  whole: z.object({ sums: z.record(z.string(), z.string()), key: z.string() }).optional(),
})
export type Manifest = z.infer<typeof manifestShape>
const manifestIn = (folder: string) => path.join(folder, 'backup.json')

/**
 * Copies the log of the embedded event store in `folder`, running or not, into a folder of its own in `to`, which becomes the backup once the
 * copy was verified; until then, and whatever happens, an earlier one stays as it was.
 */
export function backUp(folder: string, to: string, progress: Progress): Copied {
  return holding(to, () => {
    const { copied, finish } = draftBackup(folder, to, progress)
    finish()
    return copied
  })
}

/** The same in two steps, for whoever has taken `to`: a verified copy in the folder `draft`, and what makes it the backup. */
export function draftBackup(
  folder: string,
  to: string,
  progress: Progress,
): { copied: Copied; draft: string; finish: (whole?: Manifest['whole']) => void } {
  if (path.resolve(folder) === path.resolve(to)) throw new Error('A backup goes to another folder')
  if (!fs.existsSync(folder)) throw new Error(`There is no event log in ${folder}`)
  const earlier = manifestOf(to)
  const takenAt = new Date().toISOString()
  const name = `log-${takenAt.replace(/\D/g, '').slice(0, 14)}-${randomUUID().slice(0, 8)}`
  sweep(to, earlier?.folder)
  const draft = path.join(to, name)
  fs.mkdirSync(draft)
  const copied = copyLog(folder, draft, earlier && path.join(to, earlier.folder), progress)
  if (copied.cut > 0 && !isRunning(folder))
    throw new Error(
      `The log in ${folder} ends with ${copied.cut} bytes that are no append: start its event store once, which says what they are`,
    )
  const finish = (whole?: Manifest['whole']) => {
    syncFolder(draft)
    const manifest: Manifest = { folder: name, position: copied.end, taken_at: takenAt, ...(whole && { whole }) }
    fs.writeFileSync(`${manifestIn(to)}.tmp`, JSON.stringify(manifest), { flush: true })
    fs.renameSync(`${manifestIn(to)}.tmp`, manifestIn(to))
    syncFolder(to)
    sweep(to, name)
  }
  return { copied, draft, finish }
}

/** Copies a backup into `folder`, which must hold no log; no store may be running on it. */
export function restore(from: string, folder: string, progress: Progress): Copied {
  if (path.resolve(from) === path.resolve(folder)) throw new Error('A backup is restored into another folder')
  const manifest = manifestOf(from)
  if (!manifest) throw new Error(`${from} is no finished backup: it has no backup.json`)
  return holding(folder, () => {
    if (segmentFiles(folder).length > 0) throw new Error(`${folder} holds a log already: move it away first`)
    const draft = path.join(folder, 'restoring')
    fs.rmSync(draft, { recursive: true, force: true })
    fs.mkdirSync(draft)
    const copied = copyLog(path.join(from, manifest.folder), draft, undefined, progress)
    if (copied.end < manifest.position)
      throw new Error(
        `${from} ends at position ${copied.end}, but held the log up to ${manifest.position}: some of it is missing`,
      )
    fs.rmSync(path.join(folder, 'index'), { recursive: true, force: true })
    // The first segment comes last: without it nothing is served.
    for (const file of segmentFiles(draft).reverse()) fs.renameSync(file, path.join(folder, path.basename(file)))
    syncFolder(folder)
    fs.rmdirSync(draft)
    return copied
  })
}

export function manifestOf(folder: string): Manifest | undefined {
  if (!fs.existsSync(manifestIn(folder))) return undefined
  return manifestShape.parse(JSON.parse(fs.readFileSync(manifestIn(folder), 'utf8')))
}

/** Removes what is not the backup: drafts that were never finished, and the one before. */
function sweep(folder: string, kept: string | undefined): void {
  for (const name of fs.readdirSync(folder))
    if (/^log-\d{14}-[0-9a-f]{8}$/.test(name) && name !== kept) fs.rmSync(path.join(folder, name), { recursive: true })
}

function isRunning(folder: string): boolean {
  try {
    takeFolder(folder)()
    return false
  } catch {
    return true
  }
}

function holding<Result>(folder: string, act: () => Result): Result {
  const release = takeFolder(folder)
  try {
    return act()
  } finally {
    release()
  }
}
