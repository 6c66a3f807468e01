import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

function inFolder<T>(act: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'xylolabs-sound-'))
  try {
    return act(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A sound made by ffmpeg in the container that the extension names. */
export const sound = (extension: string, { seconds = 1, options = [] as string[] } = {}): Buffer =>
  inFolder((folder) => {
    const file = join(folder, `sound.${extension}`)
    const source = `sine=frequency=440:duration=${seconds}:sample_rate=16000`
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, ...options, file])
    return readFileSync(file)
  })

/** What ffprobe says of a sound. */
export const probed = (bytes: Buffer): { codec: string; container: string; seconds: number } =>
  inFolder((folder) => {
    const file = join(folder, 'sound')
    writeFileSync(file, bytes)
    const options = [
      '-v',
      'error',
      '-of',
      'json',
      '-show_entries',
      'format=format_name,duration:stream=codec_name',
      file,
    ]
    const found = JSON.parse(execFileSync('ffprobe', options).toString())
    return {
      codec: found.streams[0].codec_name,
      container: found.format.format_name,
      seconds: Number(found.format.duration),
    }
  })
