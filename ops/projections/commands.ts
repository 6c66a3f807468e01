import { type Command, InvalidArgumentError } from 'commander'
import type { Config } from '../platform/config.ts'

const whole = (min: number, max: number) => (text: string) => {
  if (!/^\d{1,9}$/.test(text) || Number(text) < min || Number(text) > max)
    throw new InvalidArgumentError(`It has to be a whole number from ${min} to ${max}.`)
  return Number(text)
}
const version = whole(1, 999_999)

interface Settings {
  /** Runs the act with the configuration of the running servers, or of ones started for it. */
  withServers: (act: (config: Config) => Promise<void>) => Promise<void>
}

/** `projections:list`, `:show-error`, `:promote`, `:rollback`, `:pause`, `:resume`, `:skip`, `:drop`, `:diff` and `:check`. */
export function addProjectionCommands(program: Command, { withServers }: Settings): void {
  const steering = () => import('./steering.ts')
  const looking = () => import('./looking.ts')

  program
    .command('projections:list')
    .description('where every version of every read model stands')
    .option('--watch', 'show how far the builds are, until all of them have ended')
    .action(({ watch = false }: { watch?: boolean }) =>
      withServers(async (config) =>
        watch
          ? (await import('./watching.ts')).watch(config, process.stdout)
          : (await looking()).list(config, process.stdout),
      ),
    )

  program
    .command('projections:show-error <name>')
    .description('the event that a read model is stopped at, and why')
    .action((name: string) => withServers(async (config) => (await looking()).showError(config, name)))

  program
    .command('projections:diff <name>')
    .description('what readers would see change if the other version were shown, and since which events')
    .option('--with <number>', 'the other version; without it the newest one that is built', version)
    .option('--samples <number>', 'rows to show', whole(0, 1000), 5)
    .action((name: string, { with: version, samples }: { with?: number; samples: number }) =>
      withServers(async (config) => (await looking()).showDiff(config, name, { version, samples })),
    )

  program
    .command('projections:check')
    .description('fold the whole log anew and compare it with all read models, which may go on meanwhile')
    .action(() =>
      withServers(async (config) => {
        if (!(await (await looking()).checkAll(config))) process.exitCode = 1
      }),
    )

  program
    .command('projections:promote <name>')
    .description('let readers see the newest version, or the one named')
    .option('--to <number>', 'the version', version)
    .action((name: string, { to }: { to?: number }) =>
      withServers(async (config) => (await steering()).promoteTo(config, name, to)),
    )

  program
    .command('projections:rollback <name>')
    .description('let readers see the version before')
    .action((name: string) => withServers(async (config) => (await steering()).rollBackTo(config, name)))

  program
    .command('projections:pause <name>')
    .description('have the version that is shown stand where it is, until it is resumed')
    .option('--reason <text>', 'shown to whoever asks why')
    .action((name: string, { reason }: { reason?: string }) =>
      withServers(async (config) => (await steering()).pauseIt(config, name, reason)),
    )

  program
    .command('projections:resume <name>')
    .description('try a stopped or paused read model again')
    .action((name: string) => withServers(async (config) => (await steering()).resumeIt(config, name)))

  program
    .command('projections:skip <name>')
    .description('pass over the event that a read model is stopped at, now and in every later build')
    .requiredOption('--position <number>', 'of the event, as projections:show-error says')
    .requiredOption('--reason <text>', 'kept in the log for whoever asks later')
    .action((name: string, what: { position: string; reason: string }) =>
      withServers(async (config) => (await steering()).skipEvent(config, name, what)),
    )

  program
    .command('projections:drop')
    .argument('<name>')
    .argument('<version>', 'one that is not shown', version)
    .description('forget a version, and its table')
    .action((name: string, version: number) =>
      withServers(async (config) => (await steering()).dropIt(config, name, version)),
    )
}
