import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A sound made by ffmpeg in the container that the extension names. */
export function sound(extension: string, { seconds = 1, options = [] as string[] } = {}): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'xylolabs-sound-'))
  try {
    const file = join(directory, `sound.${extension}`)
    execFileSync('ffmpeg', [
      '-v',
      'error',
      '-f',
      'lavfi',
      '-i',
      `sine=frequency=440:duration=${seconds}:sample_rate=16000`,
      ...options,
      file,
    ])
    return readFileSync(file)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What ffprobe says of a sound. */
export function probed(bytes: Buffer): { codec: string; container: string; seconds: number } {
  const options = [
    '-v',
    'error',
    '-of',
    'json',
    '-show_entries',
    'format=format_name,duration:stream=codec_name',
    '-i',
    'pipe:0',
  ]
  const found = JSON.parse(execFileSync('ffprobe', options, { input: bytes }).toString())
  return {
    codec: found.streams[0].codec_name,
    container: found.format.format_name,
    seconds: Number(found.format.duration),
  }
}
