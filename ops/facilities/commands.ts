import { resolve } from 'node:path'
import type { Command } from 'commander'
import { shownUntil } from '../events/commands.ts'
import type { Config } from '../platform/config.ts'

interface Settings {
  withServers: (act: (config: Config) => Promise<void>) => Promise<void>
}

/** `facility:export` and `facility:import`. */
export function addFacilityCommands(program: Command, { withServers }: Settings): void {
  program
    .command('facility:export <facility> <folder>')
    .description('write all that is of one facility, by its id or code, into a folder, while it is served')
    .option('--key <file>', 'where to write the key that opens it (default: <folder>.key)')
    .action(async (facility: string, folder: string, { key = `${resolve(folder)}.key` }: { key?: string }) => {
      const { exportFacility } = await import('./exporting.ts')
      await withServers(async (config) => {
        const done = await exportFacility(config, facility, { to: folder, keyFile: key, parts: shownUntil })
        console.log(`${resolve(folder)} holds all of ${done.facility_id}: ${done.lines} lines, ${done.objects} objects`)
        tellMissing(done.missing)
        console.log(
          `Its key is in ${resolve(key)}: send it another way. Without it nobody reads who people are, or changes it unnoticed;`,
        )
        console.log(
          'recordings and the names of things are open: keep the bundle to yourselves, and remove both once it is imported.',
        )
      })
    })

  program
    .command('facility:import <folder>')
    .description('put an exported facility into an installation that is empty, under its own DATA_ENCRYPTION_KEY')
    .option('--key <file>', 'the key that was written with it (default: <folder>.key)')
    .action(async (folder: string, { key = `${resolve(folder)}.key` }: { key?: string }) => {
      const { importFacility, openBundle } = await import('./importing.ts')
      const bundle = await openBundle(folder, key, shownUntil)
      await withServers(async (config) => {
        const done = await importFacility(config, bundle, shownUntil)
        console.log(`the installation holds all of ${done.facility_id}: ${done.lines} lines, ${done.objects} objects`)
        tellMissing(done.missing)
        console.log('Now start it: the read models are built from the log, and a first super_admin is made.')
      })
    })
}

function tellMissing(missing: readonly string[]): void {
  for (const key of missing) console.error(`missing: an event names ${key}, which the object store did not have`)
}
