import path from 'node:path'
import type { Command } from 'commander'
import { createProgress } from '../platform/progress.ts'

interface Settings {
  /** Of the embedded event store; undefined where EVENTSTORE_URL names another one. */
  folder: () => string | undefined
  /** Runs the act with the address of the event store, started for it if it does not run. */
  withEventStore: (act: (url: string) => Promise<void>) => Promise<void>
}

const MIB = 1024 * 1024

/** `events:backup`, `events:restore` and `events:scavenge`. */
export function addEventCommands(program: Command, { folder, withEventStore }: Settings): void {
  const embedded = () => {
    const found = folder()
    if (!found)
      throw new Error('EVENTSTORE_URL names a server of its own: back it up and restore it with its own tools')
    return found
  }

  program
    .command('events:backup')
    .description('copy the log of the embedded event store, which may be running, and verify the copy')
    .requiredOption('--to <folder>', 'where to; what an earlier backup there holds is not copied again')
    .option('--dir <folder>', "the event store's folder")
    .action(async ({ to, dir = embedded() }: { to: string; dir?: string }) => {
      const { backUp } = await import('./backup.ts')
      const { bytes, end, segments } = shown('backing up', (progress) => backUp(dir, to, progress))
      console.log(`${path.resolve(to)} holds all events up to position ${end}, in ${segments} files, verified`)
      console.log(
        `copied ${(bytes / MIB).toFixed(1)} MiB. Keep secrets.json with it: without it personal data stays sealed.`,
      )
    })

  program
    .command('events:restore')
    .description('put a backup in the place of a log that was lost; the server must be stopped')
    .requiredOption('--from <folder>', 'a finished backup')
    .option('--dir <folder>', "the event store's folder")
    .action(async ({ from, dir = embedded() }: { from: string; dir?: string }) => {
      const { restore } = await import('./backup.ts')
      const { end } = shown('restoring', (progress) => restore(from, dir, progress))
      console.log(`${dir} holds all events up to position ${end}, verified`)
      console.log('Now remove the read models, which may know later ones: see ops/runbooks/events-lost.md')
    })

  program
    .command('events:scavenge')
    .description('free the space of events that no stream shows any more, while the event store serves')
    .option('--url <esdb://…>', 'of an event store that is not the configured one')
    .action(async ({ url }: { url?: string }) => {
      const { scavenge } = await import('../platform/scavenge.ts')
      const run = async (address: string) => console.log(`freed ${((await scavenge(address)) / MIB).toFixed(1)} MiB`)
      await (url ? run(url) : withEventStore(run))
    })
}

function shown<Result>(what: string, act: (progress: (done: number, total: number) => void) => Result): Result {
  const progress = createProgress(process.stderr)
  const step = progress.step(what, 100)
  try {
    return act((done, total) => step.at((100 * done) / total))
  } finally {
    step.end()
    progress.close()
  }
}
