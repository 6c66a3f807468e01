import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Programs } from './media.ts'

export interface Limits {
  /** Of the processor's time: told at its limit, killed soon after. */
  cpuSecs: number
  memoryBytes?: number
  /** Of one file in the making: a day of mono samples at 48 kHz, and then some. */
  fileBytes?: number
}

const gibibyte = 1024 ** 3

/**
 * Writes small scripts that start ffmpeg and ffprobe so that they die with us, lead a process group of their own and stay
 * within limits, where the system can do that; fluent-ffmpeg itself only knows a path to run.
 */
export async function confined(
  directory: string,
  programs: Programs,
  { cpuSecs, memoryBytes = 2 * gibibyte, fileBytes = 9 * gibibyte }: Limits,
): Promise<Programs> {
  if (process.platform !== 'linux') return programs
  await mkdir(directory, { recursive: true })
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
  const write = async (name: keyof Programs) => {
    const file = join(directory, name)
    const limits = `prlimit --as=${memoryBytes} --fsize=${fileBytes} --cpu=${cpuSecs}:${cpuSecs + 5} --core=0 --`
    await writeFile(
      file,
      `#!/bin/sh\nexec setsid setpriv --pdeathsig KILL -- ${limits} ${quoted(programs[name])} "$@"\n`,
      {
        mode: 0o700,
      },
    )
    return file
  }
  return { ffmpeg: await write('ffmpeg'), ffprobe: await write('ffprobe') }
}
