import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/** BSD's open flag; Linux has none like it. */
const O_EXLOCK = 0x20
const O_NONBLOCK = 0x4

/**
 * Takes the folder for this process. The lock is the kernel's, so it ends with the process however that ends. Throws, with a
 * sentence, if another process has it.
 *
 * The index is not synced: after the machine (not merely the process) went down, it may be torn and is thrown away.
 */
export function takeFolder(folder: string): () => void {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = path.join(folder, 'lock')
  const fd = lock(file)
  if (fd === undefined) {
    const owner = fs.readFileSync(file, 'utf8').split(' ')[0]
    throw new Error(`${folder} is in use by another event store (process ${owner}); stop that one first`)
  }
  const [, boot] = fs.readFileSync(fd, 'utf8').split(' ')
  if (boot !== undefined && (boot !== bootId() || boot === '')) {
    console.error('The machine went down without stopping the event store: the index is rebuilt')
    fs.rmSync(path.join(folder, 'index'), { recursive: true, force: true })
  }
  fs.ftruncateSync(fd)
  fs.writeSync(fd, `${process.pid} ${bootId()}`, 0)
  fs.fsyncSync(fd)
  return () => {
    fs.ftruncateSync(fd)
    fs.closeSync(fd)
  }
}

function lock(file: string): number | undefined {
  const flags = fs.constants.O_RDWR | fs.constants.O_CREAT
  if (process.platform === 'darwin') {
    try {
      return fs.openSync(file, flags | O_EXLOCK | O_NONBLOCK, 0o600)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
      throw error
    }
  }
  const fd = fs.openSync(file, flags, 0o600)
  // flock(1) locks the open file that it shares with us; the lock stays when it is gone.
  const { status, error } = spawnSync('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
  if (error) throw new Error(`The folder cannot be locked: flock (util-linux or busybox) is needed: ${error.message}`)
  return status === 0 ? fd : undefined
}

/** Changes with every start of the machine; empty where that cannot be told. */
function bootId(): string {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
