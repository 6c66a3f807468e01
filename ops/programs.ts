import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Programs } from '../workers/media.ts'

const run = promisify(execFile)

/** ffmpeg and ffprobe: where the configuration says, else on the PATH. Throws, in words to act on, when they lack what we need. */
export async function findPrograms(
  given: { ffmpeg?: string | undefined; ffprobe?: string | undefined },
  searchPath: string,
): Promise<Programs> {
  const programs = {
    ffmpeg: given.ffmpeg ?? (await find('ffmpeg', searchPath, 'FFMPEG_PATH')),
    ffprobe: given.ffprobe ?? (await find('ffprobe', searchPath, 'FFPROBE_PATH')),
  }
  const { stdout } = await run(programs.ffmpeg, ['-hide_banner', '-encoders'])
  for (const encoder of ['libopus', 'aac'])
    if (!new RegExp(`^ A\\S* ${encoder} `, 'm').test(stdout))
      throw new Error(`${programs.ffmpeg} has no ${encoder} encoder: install a full ffmpeg, or set FFMPEG_PATH to one`)
  await run(programs.ffprobe, ['-version'])
  return programs
}

async function find(name: string, searchPath: string, variable: string): Promise<string> {
  for (const directory of searchPath.split(delimiter)) {
    const file = join(directory, name)
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file
  }
  throw new Error(`${name} is not installed: install ffmpeg with your package manager, or set ${variable}`)
}
