import type { Command } from 'commander'
import type { Config } from '../platform/config.ts'

interface Settings {
  /** Runs the act with the servers of a running `up`, or ones started for it. */
  withServers: (act: (config: Config) => Promise<void>) => Promise<void>
}

/** `admin:create`. */
export function addAdminCommands(program: Command, { withServers }: Settings): void {
  program
    .command('admin:create')
    .description('make a super_admin, and print a password that must be changed at the first login')
    .option('--email <address>', 'to log in with', 'admin@xylolabs.local')
    .option('--name <name>', 'as others see it', 'Administrator')
    .action(async (given: { email: string; name: string }) => {
      const { makeAdmin } = await import('./making.ts')
      await withServers(async (config) => {
        const { email, password } = await makeAdmin(config, { ...given, mustChangePassword: true })
        console.log(`email: ${email}\npassword: ${password}`)
      })
    })
}
