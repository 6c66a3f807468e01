import type { Option } from 'commander'
import type { Progress } from '../platform/progress.ts'
import type { Report } from './report.ts'
import type { Scratch } from './scratch.ts'

/** What `npm run bench -- <name>` can measure. Its phases run in their order; `--only` chooses among them. */
export interface Bench {
  readonly name: string
  readonly description: string
  readonly phases: readonly string[]
  readonly options: readonly Option[]
  run(session: Session): Promise<void>
}

/** The options of every bench; those of one bench are among the others. */
export interface Options {
  readonly only?: string
  readonly rounds: number
  readonly json?: string
  readonly [option: string]: unknown
}

/** One run of a bench. */
export interface Session {
  readonly options: Options
  readonly scratch: Scratch
  readonly progress: Progress
  readonly report: Report
  wants(phase: string): boolean
}
