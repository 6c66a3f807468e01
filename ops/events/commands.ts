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

/** `events:backup`, `:restore`, `:export`, `:import` and `:scavenge`. */
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
    .command('events:export <file>')
    .description('write the whole log to a file (NDJSON, gzip) that another event store can import, while it serves')
    .option('--url <esdb://…>', 'of an event store that is not the configured one')
    .action(async (file: string, { url }: { url?: string }) => {
      const { exportEvents } = await import('./exporting.ts')
      const run = async (address: string) => {
        const { lines, head } = await shownUntil('exporting', (progress) => exportEvents(address, file, progress))
        console.log(`${path.resolve(file)} holds ${lines} lines, head ${head}`)
        console.log(
          'Keep the head elsewhere: audit:verify --export <file> --head <head> then says whether anybody changed it.',
        )
      }
      await (url ? run(url) : withEventStore(run))
    })

  program
    .command('events:import <file>')
    .description('append an export to an empty event store, or go on where an import of it was broken off')
    .option('--url <esdb://…>', 'of an event store that is not the configured one')
    .action(async (file: string, { url }: { url?: string }) => {
      const { importEvents } = await import('./importing.ts')
      const run = async (address: string) => {
        const { lines, before, head } = await shownUntil('importing', (progress) =>
          importEvents(address, file, progress),
        )
        const there = before > 0 ? `, ${before} of which were there already` : ''
        console.log(`the event store holds all ${lines} lines of ${path.resolve(file)}${there}, head ${head}`)
      }
      await (url ? run(url) : withEventStore(run))
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

type Progress = (done: number, total: number) => void

function shown<Result>(what: string, act: (progress: Progress) => Result): Result {
  const { at, end } = begun(what)
  try {
    return act(at)
  } finally {
    end()
  }
}

export async function shownUntil<Result>(what: string, act: (progress: Progress) => Promise<Result>): Promise<Result> {
  const { at, end } = begun(what)
  return act(at).finally(end)
}

function begun(what: string): { at: Progress; end: () => void } {
  const progress = createProgress(process.stderr)
  const step = progress.step(what, 100)
  const end = () => {
    step.end()
    progress.close()
  }
  return { at: (done, total) => step.at((100 * done) / Math.max(total, 1)), end }
}
