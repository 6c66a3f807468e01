import fs from 'node:fs'

/** In MB. Mapped pages of files are the page cache's: the kernel takes them back when it needs them. */
export interface Memory {
  readonly own: number
  readonly mapped: number
}

/** undefined where there is no /proc. */
export function memoryOf(pid: number): Memory | undefined {
  let status: string
  try {
    status = fs.readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return undefined
  }
  const megabytes = (name: string) => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6
  const mapped = megabytes('RssFile')
  return { own: megabytes('VmRSS') - mapped, mapped }
}

/** The most that the process had of its own while `act` ran, looked at every few milliseconds. */
export async function peakDuring(pid: number, act: () => Promise<unknown>): Promise<number | undefined> {
  let peak = memoryOf(pid)?.own
  const look = () => (peak = Math.max(peak ?? NaN, memoryOf(pid)?.own ?? NaN))
  const watch = setInterval(look, 20)
  try {
    await act()
    look()
  } finally {
    clearInterval(watch)
  }
  return Number.isNaN(peak) ? undefined : peak
}
