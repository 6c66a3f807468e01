import { Command } from 'commander'
import type { Bench, Options } from './bench.ts'
import { command } from './command.ts'
import { eventstore } from './eventstore.ts'
import { heartbeat } from './heartbeat.ts'
import { failover } from './failover.ts'
import { inference } from './inference.ts'
import { job } from './job.ts'
import { read } from './read.ts'
import { login } from './login.ts'
import { ota } from './ota.ts'
import { replay } from './replay.ts'
import { wholeNumber } from './options.ts'
import { rollout } from './rollout.ts'
import { run } from './run.ts'
import { scale } from './scale.ts'
import type { Fleet } from './scaling.ts'
import { swap } from './swap.ts'
import { transcode } from './transcode.ts'
import { upload } from './upload.ts'
import { visible } from './visible.ts'

const benches: readonly Bench[] = [
  eventstore,
  replay,
  visible,
  swap,
  command,
  read,
  login,
  heartbeat,
  rollout,
  ota,
  upload,
  transcode,
  job,
  inference,
  failover,
]

const program = new Command('npm run bench --').description(
  'Measures one thing beside its limit, or a peer, in the same run. A missed target is printed and fails nothing.',
)

for (const bench of benches) {
  const added = program
    .command(bench.name)
    .description(bench.description)
    .option('--only <phases>', `some of these, with commas between: ${bench.phases.join(', ')}`)
    .option('--rounds <n>', 'rounds of each measurement, of which the median is shown', wholeNumber, 5)
    .option('--json <file>', 'write the figures to this file too')
    .action((options: Options) => run(bench, options))
  for (const option of bench.options) added.addOption(option)
}

program
  .command('scale <files...>')
  .description(
    'what a fleet and its multiples cost and need, by what benches wrote with --json; see ops/bench/scale.md',
  )
  .option('--devices <n>', 'of the fleet', wholeNumber, 100)
  .option('--uploads <n>', 'a day of one device', wholeNumber, 24)
  .option('--seconds <n>', 'of one recording', wholeNumber, 60)
  .option('--megabytes <n>', 'of one recording', wholeNumber, 11)
  .option('--checks <n>', 'for firmware, a day of one device', wholeNumber, 24)
  .option('--heartbeats <n>', 'a day of one device', wholeNumber, 1440)
  .action((files: string[], fleet: Fleet) => scale(files, fleet))

if (process.argv.length <= 2) program.outputHelp()
else
  program.parseAsync().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
  })
