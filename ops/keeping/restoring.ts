import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { markRestoring, refuseHalfRestored } from '../embedded/restoreMark.ts'
import { secretsOfServers, startStack } from '../embedded/stack.ts'
import { type Manifest, manifestOf, restore } from '../events/backup.ts'
import type { restored } from '../platform/config.ts'
import { connectObjects } from '../platform/objects.ts'
import { fingerprintOf } from '../platform/sealing.ts'
import { keptSecrets, loadSecrets } from '../platform/secrets.ts'
import { importObjects, type Sums, sumsOf, verifyObjects } from '../storage/copying.ts'
import type { Parts } from './backingUp.ts'
import { objectSums, sumsOfFolder } from './sums.ts'

type Whole = NonNullable<Manifest['whole']>

/** What may be in a folder that is to be restored: the key, where it was brought there before. */
const allowed = ['secrets.json', 'lost+found']

/**
 * Puts a backup into a data folder that is empty, or has only the secrets of before. All is verified before anything is written: sums of all files,
 * and that the key is the one that the backup was sealed with.
 */
export async function restoreAll(
  from: string,
  dataDir: string,
  { configured, parts }: { configured: z.infer<typeof restored>; parts: Parts },
): Promise<{ position: number; objects: number }> {
  const manifest = manifestOf(from)
  if (!manifest) throw new Error(`${from} is no finished backup: it has no backup.json`)
  const { whole, folder } = manifest
  if (!whole) throw new Error(`${from} holds a log alone: that is restored by events:restore`)
  refuseHalfRestored(dataDir)
  const there = existsSync(dataDir) ? readdirSync(dataDir).filter((name) => !allowed.includes(name)) : []
  if (there.length > 0)
    throw new Error(`${dataDir} is not empty (${there.slice(0, 3).join(', ')}): move it away, or set DATA_DIR`)
  const key = keyFor(whole, from, dataDir, configured.DATA_ENCRYPTION_KEY)
  const sums = await verified(from, folder, whole, parts)

  const done = markRestoring(dataDir)
  const secrets = loadSecrets(dataDir, { DATA_ENCRYPTION_KEY: key })
  const { objects } = await withObjects(dataDir, secrets, async (endpoint) => {
    const into = connectObjects({
      ...{ endpoint, pathStyle: true, accessKey: secrets.S3_ACCESS_KEY, secretKey: secrets.S3_SECRET_KEY },
      ...{ bucket: configured.S3_BUCKET, region: configured.S3_REGION },
    })
    await into.prepare()
    return parts('restoring objects', (progress) => importObjects(into, join(from, 'objects'), progress, sums))
  })
  const { end } = await parts('restoring the log', (progress) =>
    Promise.resolve(restore(from, join(dataDir, 'eventstore'), progress)),
  )
  done()
  return { position: end, objects }
}

/** The first that is given: in the environment, in the data folder, in the backup. */
function keyFor(whole: Whole, from: string, dataDir: string, given: string | undefined): string {
  const key = given ?? keptSecrets(dataDir).DATA_ENCRYPTION_KEY ?? keptSecrets(from).DATA_ENCRYPTION_KEY
  if (key === undefined)
    throw new Error(
      `The backup is sealed with a DATA_ENCRYPTION_KEY that is not in it: set that variable, or put the secrets.json of then into ${dataDir}`,
    )
  if (fingerprintOf(key) !== whole.key)
    throw new Error('DATA_ENCRYPTION_KEY is not the one that the backup is sealed with: nothing was restored')
  return key
}

/** The sums of the objects. */
async function verified(from: string, folder: string, { sums }: Whole, parts: Parts): Promise<Sums> {
  const found = await sumsOfFolder(join(from, folder)).catch((): Record<string, string> => ({}))
  for (const [name, sum] of Object.entries(sums))
    if (found[name] !== sum)
      throw new Error(`${name} in ${from} is missing, or is not what was backed up: its SHA-256 is another one`)
  const objects = sumsOf(readFileSync(join(from, folder, objectSums), 'utf8'))
  await parts('verifying', (progress) => verifyObjects(join(from, 'objects'), objects, progress))
  return objects
}

/** Runs the act with the address of an object store on the data folder that is there for it alone. */
async function withObjects<Result>(
  dataDir: string,
  secrets: ReturnType<typeof loadSecrets>,
  act: (endpoint: string) => Promise<Result>,
): Promise<Result> {
  const stack = await startStack({
    dataDir,
    provide: { eventStore: false, database: false, bus: false, objects: true, inference: false },
    secrets: secretsOfServers(secrets),
    paths: {},
    log: ({ level, msg }) => void (level === 'error' && console.error(msg)),
  })
  try {
    return await act(stack.addresses.S3_ENDPOINT!)
  } finally {
    await stack.stop()
  }
}
