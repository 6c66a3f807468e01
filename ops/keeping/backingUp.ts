import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { personalFields } from '../../domain/events.ts'
import { takeFolder } from '../embedded/eventstore/log/folder.ts'
import { draftBackup } from '../events/backup.ts'
import { type Config, masterKeysOf } from '../platform/config.ts'
import { connectEventStore } from '../platform/eventStoreClient.ts'
import { fingerprintOf } from '../platform/sealing.ts'
import { bucketOf, exportObjects, keepObjects, textOf } from '../storage/copying.ts'
import { opensItsLog } from './logKey.ts'
import { objectSums, sumsOfFolder } from './sums.ts'

type Progress = (done: number, total: number) => void
/** How far each part is; a part begins with its name. */
export type Parts = <Result>(what: string, act: (progress: Progress) => Promise<Result>) => Promise<Result>

export interface BackedUp {
  /** Of the log: all events up to there. */
  position: number
  objects: number
  /** Copied now; the rest was there from an earlier time. */
  copiedBytes: number
}

/**
 * Copies the log in `logFolder`, its objects and sums of both into `to`, while all is served; again into the same folder: only what is new. Until all is there, an
 * earlier backup stays what it was. Objects that were there before the log was copied are copied before it, since one that is purged meanwhile is still
 * named by that log; those that came since, after it: objects come before the events that name them. Of others none is kept there. Refuses a
 * DATA_ENCRYPTION_KEY that does not open the log, or that is being changed.
 */
export async function backUpAll(
  config: Config,
  logFolder: string,
  to: string,
  { withKey, parts }: { withKey: boolean; parts: Parts },
): Promise<BackedUp> {
  if (config.DATA_ENCRYPTION_KEY_PREVIOUS !== undefined)
    throw new Error(
      'DATA_ENCRYPTION_KEY is being changed, and a backup knows one key: run keys:rewrap, and take DATA_ENCRYPTION_KEY_PREVIOUS out',
    )
  await readsItsLog(config)
  await mkdir(to, { recursive: true, mode: 0o700 })
  const release = takeFolder(to)
  try {
    const folder = join(to, 'objects')
    const bucket = await bucketOf(config)
    const before = await parts('copying objects', (progress) => exportObjects(bucket, folder, progress))
    const { copied, draft, finish } = await parts('copying the log', (progress) =>
      Promise.resolve(draftBackup(logFolder, to, progress)),
    )
    const since = await parts('copying objects that came since', (progress) => exportObjects(bucket, folder, progress))
    const sums = new Map([...before.sums, ...since.sums])
    await writeFile(join(draft, objectSums), textOf(sums), { flush: true, mode: 0o600 })
    finish({ sums: await sumsOfFolder(draft), key: fingerprintOf(config.DATA_ENCRYPTION_KEY) })
    await keepKey(to, withKey ? config.DATA_ENCRYPTION_KEY : undefined)
    await keepObjects(folder, sums)
    const copiedBytes = copied.bytes + before.bytes + since.bytes
    return { position: copied.end, objects: sums.size, copiedBytes }
  } finally {
    release()
  }
}

/** What is named as the key of the backup is the one that opens it. */
async function readsItsLog(config: Config): Promise<void> {
  const store = connectEventStore({ url: config.EVENTSTORE_URL, ...masterKeysOf(config), personalFields })
  await opensItsLog(store).finally(() => store.close())
}

/** As a data folder has it; where none is given, none stays of an earlier time. */
async function keepKey(to: string, DATA_ENCRYPTION_KEY: string | undefined): Promise<void> {
  const file = join(to, 'secrets.json')
  if (DATA_ENCRYPTION_KEY === undefined) return rm(file, { force: true })
  const text = `${JSON.stringify({ DATA_ENCRYPTION_KEY }, null, 2)}\n`
  await writeFile(`${file}.new`, text, { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}
