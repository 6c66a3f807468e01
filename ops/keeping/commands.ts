import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { shownUntil } from '../events/commands.ts'
import type { Config } from '../platform/config.ts'

interface Settings {
  /** Throws where a server that keeps anything is not ours. */
  dataDir: () => string
  environment: NodeJS.ProcessEnv
  withServers: (act: (config: Config) => Promise<void>) => Promise<void>
}

/** `backup` and `restore` of all that the embedded stack keeps, and `keys:rewrap`. */
export function addKeepingCommands(program: Command, { dataDir, environment, withServers }: Settings): void {
  program
    .command('backup <folder>')
    .description('copy all that cannot be made again, log and objects, into a folder, while it is served')
    .option('--with-key', 'put the DATA_ENCRYPTION_KEY beside them: whoever has the folder can then read personal data')
    .action(async (folder: string, { withKey = false }: { withKey?: boolean }) => {
      const { backUpAll } = await import('./backingUp.ts')
      const log = join(dataDir(), 'eventstore')
      if (!existsSync(log)) throw new Error(`There is no event log in ${log}`)
      await withServers(async (config) => {
        const done = await backUpAll(config, log, folder, { withKey, parts: shownUntil })
        const came = `${(done.copiedBytes / 1e6).toFixed(1)} MB came now`
        console.log(`${resolve(folder)} holds all events up to position ${done.position} and all their objects`)
        console.log(`${done.objects} objects; ${came}, verified. Postgres and NATS are not in it: they are made anew.`)
        console.log(
          withKey
            ? 'The DATA_ENCRYPTION_KEY is in it: keep it where nobody else gets to.'
            : 'Keep the DATA_ENCRYPTION_KEY elsewhere: restoring needs it (secrets.json has it, or the environment).',
        )
      })
    })

  program
    .command('restore <folder>')
    .description('put a backup into an empty DATA_DIR; needs the DATA_ENCRYPTION_KEY of then')
    .action(async (folder: string) => {
      const { restoreAll } = await import('./restoring.ts')
      const { restored } = await import('../platform/config.ts')
      const given = Object.entries(environment).filter(([, value]) => value !== '')
      const configured = restored.parse(Object.fromEntries(given))
      const to = dataDir()
      const { position, objects } = await restoreAll(folder, to, { configured, parts: shownUntil })
      console.log(`${to} holds all events up to position ${position} and ${objects} objects, verified`)
      console.log('Now start it: the read models are built from the log.')
    })

  program
    .command('keys:rewrap')
    .description('put all that DATA_ENCRYPTION_KEY_PREVIOUS has sealed under DATA_ENCRYPTION_KEY, while it is served')
    .action(async () => {
      const { rewrapKeys } = await import('./rewrapping.ts')
      const { refuseAnotherThanServed } = await import('./logKey.ts')
      await withServers(async (config) => {
        refuseAnotherThanServed(config)
        const done = await shownUntil('keys', (onProgress) => rewrapKeys(config, onProgress))
        console.log(`${done.keys} keys and ${done.tokens} tokens were put under the DATA_ENCRYPTION_KEY of today`)
        console.log('Nothing needs DATA_ENCRYPTION_KEY_PREVIOUS any more but backups and exports of before.')
      })
    })
}
