import { type Command, InvalidArgumentError } from 'commander'
import { shownUntil } from '../events/commands.ts'
import type { Config } from '../platform/config.ts'
import type { VerifiedChain } from './verifying.ts'

interface Settings {
  /** Runs the act with the configuration of the running servers, or of ones started for it. */
  withServers: (act: (config: Config) => Promise<void>) => Promise<void>
}

function hash(text: string): string {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError('It has to be 64 hexadecimal digits.')
  return text
}

/** `audit:verify`. */
export function addAuditCommands(program: Command, { withServers }: Settings): void {
  program
    .command('audit:verify')
    .description(
      'make the audit chain anew from the log, or from an export, and name the first event that does not fit',
    )
    .option('--export <file>', 'of an export alone: no server is needed')
    .option('--head <hash>', 'the chain must lead to this one, which was kept elsewhere', hash)
    .action(async ({ export: file, head }: { export?: string; head?: string }) => {
      if (file !== undefined) {
        const { verifyExport } = await import('./verifyingExport.ts')
        return tell(await shownUntil('verifying', (progress) => verifyExport(file, head, progress)))
      }
      const { verifyServers } = await import('./verifyingServers.ts')
      await withServers(async (config) => tell(await shownUntil('verifying', (at) => verifyServers(config, head, at))))
    })
}

function tell({ events, head, compared, behindHead, fault }: VerifiedChain): void {
  if (fault !== undefined) {
    console.log(fault)
    process.exitCode = 1
    return
  }
  console.log(`${events} events, ${compared} of them compared, none was changed`)
  if (behindHead !== undefined) console.log(`${behindHead} of them are newer than the head that was asked for`)
  console.log(`head ${head}`)
}
