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

/** What ffmpeg makes by these options; `%` among them is the file `from`. */
export const made = (extension: string, options: readonly string[], from?: Buffer): Buffer =>
  inFolder((folder) => {
    const [input, file] = [join(folder, 'input'), join(folder, `made.${extension}`)]
    if (from) writeFileSync(input, from)
    execFileSync('ffmpeg', ['-v', 'error', ...options.map((one) => (one === '%' ? input : one)), file])
    return readFileSync(file)
  })

/** A WAV whose header says of the samples what it is told to. */
export function wavOf(
  samples: Buffer,
  {
    rate = 16_000,
    channels = 1,
    bits = 16,
    format = 1,
    dataBytes = samples.length,
    riffBytes = 36 + samples.length,
  } = {},
): Buffer {
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(riffBytes >>> 0, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(format, 20)
  header.writeUInt16LE(channels, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE(((rate * channels * bits) / 8) >>> 0, 28)
  header.writeUInt16LE(((channels * bits) / 8) & 0xffff, 32)
  header.writeUInt16LE(bits, 34)
  header.write('data', 36)
  header.writeUInt32LE(dataBytes >>> 0, 40)
  return Buffer.concat([header, samples])
}

/** What ffprobe says of a sound. */
export const probed = (bytes: Buffer): { codec: string; container: string; seconds: number; streams: number } =>
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
      streams: found.streams.length,
    }
  })
