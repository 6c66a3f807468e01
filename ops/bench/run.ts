import type { Bench, Options } from './bench.ts'
import { createProgress } from '../platform/progress.ts'
import { Report } from './report.ts'
import { Scratch } from './scratch.ts'

/** Runs one bench on a folder of its own, and leaves neither that nor a process behind. */
export async function run(bench: Bench, options: Options): Promise<void> {
  const chosen = options.only?.split(',') ?? bench.phases
  const unknown = chosen.filter((phase) => !bench.phases.includes(phase))
  if (unknown.length > 0) {
    console.error(`error: ${bench.name} has no phase ${unknown.join(', ')}, but ${bench.phases.join(', ')}`)
    process.exitCode = 1
    return
  }
  const progress = createProgress(process.stderr)
  const scratch = await Scratch.create()
  const report = new Report(progress)
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    process.once(signal, () => {
      progress.close()
      void scratch.dispose().finally(() => process.exit(code))
    })
  try {
    await bench.run({ options, scratch, progress, report, wants: (phase) => chosen.includes(phase) })
  } catch (error) {
    // What was cut off by a signal fails in its own way; only the signal is of interest.
    if (scratch.disposed) return
    throw error
  } finally {
    progress.close()
    await scratch.dispose()
  }
  report.print()
  if (options.json) report.write(options.json, bench.name, options)
}
