import { execFile } from 'node:child_process'

export type Command = readonly [string, ...string[]]

/** What this machine offers to tie children to their owner, and to run Postgres, which refuses root. */
export interface Launch {
  /** Linux's setpriv: the kernel interrupts the child when its owner dies, even by kill -9. */
  readonly tied: boolean
  readonly unprivileged: 'as-is' | 'user-namespace' | 'nobody'
}

export interface Spawnable {
  readonly command: Command
  readonly uid?: number
}

const NOBODY = 65534
const TIE: Command = ['setpriv', '--pdeathsig', 'INT', '--']
const MAP: Command = ['unshare', '-U', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--']

export async function surveyLaunch(): Promise<Launch> {
  const root = process.getuid?.() === 0
  const linux = process.platform === 'linux'
  const [tied, mapped] = await Promise.all([
    linux && succeeds([...TIE, 'true']),
    linux && root && succeeds([...MAP, 'true']),
  ])
  return { tied, unprivileged: !root ? 'as-is' : mapped ? 'user-namespace' : 'nobody' }
}

export const tieToOwner = ({ tied }: Launch, command: Command): Spawnable => ({
  command: tied ? [...TIE, ...command] : command,
})

/** The user id that must own Postgres's files on disk; undefined when it is simply ours. */
export const unprivilegedOwner = ({ unprivileged }: Launch): number | undefined =>
  unprivileged === 'as-is' ? undefined : unprivileged === 'nobody' ? NOBODY : 0

export function unprivileged(launch: Launch, command: Command): Spawnable {
  const { command: tied } = tieToOwner(launch, command)
  switch (launch.unprivileged) {
    case 'as-is':
      return { command: tied }
    case 'user-namespace':
      // setpriv inside unshare: entering a user namespace changes credentials, which may clear what setpriv has set.
      return { command: [...MAP, ...tied] }
    case 'nobody':
      return { command: tied, uid: NOBODY }
  }
}

/** Whether a command can be run and ends with code 0. */
export const succeeds = ([program, ...args]: readonly string[]) =>
  new Promise<boolean>((resolve) => execFile(program!, args, (error) => resolve(error === null)))
