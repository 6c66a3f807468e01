import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

/**
 * Which process, of which data folder. A pid alone is reused; with the moment the process began it is unique. The folder's inode
 * follows a rename of DATA_DIR and differs in a copy of it, so a copied lock or pid file never points at the original's servers.
 */
export interface Identity {
  readonly pid: number
  readonly began: string
  readonly folder: string
}

const folderOf = (dataDir: string) => String(statSync(dataDir, { bigint: true }).ino)

export function identify(pid: number, dataDir: string): Identity | undefined {
  const began = processBegan(pid)
  return began === undefined ? undefined : { pid, began, folder: folderOf(dataDir) }
}

export const isRunning = (identity: Identity, dataDir: string): boolean =>
  identity.folder === folderOf(dataDir) && processBegan(identity.pid) === identity.began

/** One line each, the pid first, so that `head -1` is all an operator needs. */
export const encode = ({ pid, began, folder }: Identity) => `${pid}\n${began}\n${folder}\n`

export function decode(text: string): Identity | undefined {
  const [pid, began, folder] = text.split('\n')
  return pid && began && folder && Number(pid) > 0 ? { pid: Number(pid), began, folder } : undefined
}

/** The moment a process began, in this platform's own terms; undefined when there is none or it is only waiting to be collected. */
export function processBegan(pid: number): string | undefined {
  if (process.platform === 'linux') return beganOnLinux(pid)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined
  }
  if (process.platform === 'win32') return 'running'
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '')
  } catch {
    return undefined
  }
}

function beganOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command name may hold spaces and brackets: what follows the last one is regular. State is field 3, start time field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`
  } catch {
    return undefined
  }
}
