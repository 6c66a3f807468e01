import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Balance } from '../../workers/orphans.ts'
import { shownUntil } from '../events/commands.ts'
import type { Config } from '../platform/config.ts'
import type { Copied } from './copying.ts'

interface Settings {
  /** Runs the act with the configuration of the running servers, or of ones started for it. */
  withServers: (act: (config: Config) => Promise<void>) => Promise<void>
}

/** `storage:check`, `:export` and `:import`. */
export function addStorageCommands(program: Command, { withServers }: Settings): void {
  program
    .command('storage:check')
    .description(
      'hold the objects in the store against the log, both ways; exit 1 when one that an event names is missing',
    )
    .option('--sweep', 'remove now what no event names and is old enough (ORPHAN_GRACE_SECS)')
    .action(async ({ sweep = false }: { sweep?: boolean }) => {
      const { checkStorage } = await import('./checking.ts')
      await withServers(async (config) => tell(await shownUntil('checking', (at) => checkStorage(config, sweep, at))))
    })

  program
    .command('storage:export')
    .description(
      'copy all objects into a folder, while it serves; what is there from an earlier time is not copied again',
    )
    .requiredOption('--to <folder>', 'where to; beside the objects it gets SHA256SUMS, which sha256sum -c reads')
    .action(async ({ to }: { to: string }) => {
      const { bucketOf, exportObjects } = await import('./copying.ts')
      await withServers(async (config) => {
        const found = await shownUntil('exporting', async (at) => exportObjects(await bucketOf(config), to, at))
        sayCopied(found, `${resolve(to)} holds`)
      })
    })

  program
    .command('storage:import')
    .description('put exported objects into the bucket; what is there already stays, what was broken off goes on')
    .requiredOption('--from <folder>', 'an export')
    .action(async ({ from }: { from: string }) => {
      const { bucketOf, importObjects } = await import('./copying.ts')
      await withServers(async (config) => {
        const found = await shownUntil('importing', async (at) => importObjects(await bucketOf(config), from, at))
        sayCopied(found, `the bucket ${config.S3_BUCKET} holds`)
      })
    })
}

const sayCopied = ({ objects, copied, bytes }: Copied, where: string) =>
  console.log(`${where} all ${objects} objects; ${copied} of them came now, ${(bytes / 1e6).toFixed(1)} MB`)

function tell(found: Balance & { removed?: number }): void {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
  console.log(`objects  ${found.objects}, ${megabytes(found.bytes)}`)
  console.log(`named    ${found.named}`)
  console.log(`pending  ${found.pending}`)
  console.log(`orphans  ${found.orphans}, ${megabytes(found.orphanBytes)}; ${found.due} of them old enough to go`)
  if (found.removed !== undefined) console.log(`removed  ${found.removed}`)
  if (found.unknown > 0) console.log(`unknown  ${found.unknown}: no prefix of ours, left alone`)
  console.log(`missing  ${found.missingCount}`)
  for (const key of found.missing) console.log(`  ${key}`)
  if (found.missingCount > 0) process.exitCode = 1
}
