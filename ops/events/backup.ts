import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { type Copied, copyLog } from '../embedded/eventstore/log/backup.ts'
import { takeFolder } from '../embedded/eventstore/log/folder.ts'
import { segmentFiles } from '../embedded/eventstore/log/segment.ts'

type Progress = (done: number, total: number) => void

const manifestShape = z.object({ position: z.number(), taken_at: z.iso.datetime() })
const manifestIn = (folder: string) => path.join(folder, 'backup.json')

/**
 * Copies the log of the embedded event store in `folder`, running or not, to folder `to`, or brings an earlier copy there up to date.
 * It is a backup once `backup.json` says up to where.
 */
export function backUp(folder: string, to: string, progress: Progress): Copied {
  if (path.resolve(folder) === path.resolve(to)) throw new Error('A backup goes to another folder')
  if (!fs.existsSync(folder)) throw new Error(`There is no event log in ${folder}`)
  const takenAt = new Date().toISOString()
  return holding(to, () => {
    const copied = copyLog(folder, to, progress)
    const draft = `${manifestIn(to)}.tmp`
    fs.writeFileSync(draft, JSON.stringify({ position: copied.end, taken_at: takenAt }), { flush: true })
    fs.renameSync(draft, manifestIn(to))
    return copied
  })
}

/** Copies a backup into `folder`, which must hold no log; no store may be running on it. */
export function restore(from: string, folder: string, progress: Progress): Copied {
  if (!fs.existsSync(manifestIn(from))) throw new Error(`${from} is no finished backup: it has no backup.json`)
  const { position } = manifestShape.parse(JSON.parse(fs.readFileSync(manifestIn(from), 'utf8')))
  return holding(folder, () => {
    if (segmentFiles(folder).length > 0) throw new Error(`${folder} holds a log already: move it away first`)
    const draft = path.join(folder, 'restoring')
    fs.rmSync(draft, { recursive: true, force: true })
    fs.mkdirSync(draft)
    const copied = copyLog(from, draft, progress)
    if (copied.end < position)
      throw new Error(
        `${from} ends at position ${copied.end}, but held the log up to ${position}: some of it is missing`,
      )
    fs.rmSync(path.join(folder, 'index'), { recursive: true, force: true })
    // The first segment comes last: without it nothing is served.
    for (const file of segmentFiles(draft).reverse()) fs.renameSync(file, path.join(folder, path.basename(file)))
    fs.rmdirSync(draft)
    return copied
  })
}

function holding<Result>(folder: string, act: () => Result): Result {
  const release = takeFolder(folder)
  try {
    return act()
  } finally {
    release()
  }
}
