import type { Launch } from './launch.ts'
import type { Log, Supervised } from './supervisor.ts'

/** What every server of the stack is given. */
export interface Site {
  readonly dataDir: string
  readonly launch: Launch
  readonly log: Log
}

/** A running server and what its clients connect to. */
export interface Served {
  readonly server: Supervised
  readonly address: string
}
