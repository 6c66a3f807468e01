import { json } from 'node:stream/consumers'
import { PNG } from 'pngjs'
import { z } from 'zod'
import { stored } from '../ops/platform/media.ts'
import type { Objects } from '../ops/platform/objects.ts'
import { whole } from '../ops/platform/route.ts'

/** As workers store them: audiowaveform's JSON, version 2; a minimum and a maximum per pixel, −128…127. */
export interface Peaks {
  version: 2
  channels: 1
  sample_rate: number
  samples_per_pixel: number
  bits: 8
  length: number
  data: readonly number[]
}

export const peaksIn = async (objects: Objects, object_key: string) =>
  (await json(await stored(objects)({ object_key }))) as Peaks

/** How many pixels as stored become one. */
export const zooms = ['1', '2', '4', '8', '16', '32'] as const

/** The same waveform with fewer pixels: each has the lowest and the highest of those that it stands for. */
export function zoomedOut(peaks: Peaks, factor: number): Peaks {
  const length = Math.ceil(peaks.length / factor)
  const data = Array.from({ length }, (_, pixel) => extremes(peaks, pixel * factor, (pixel + 1) * factor)).flat()
  return { ...peaks, samples_per_pixel: peaks.samples_per_pixel * factor, length, data }
}

/** Of the pixels from one to before the other. */
function extremes({ data, length }: Peaks, from: number, to: number): [low: number, high: number] {
  let [low, high] = [data[2 * from] ?? 0, data[2 * from + 1] ?? 0]
  for (let pixel = from + 1; pixel < Math.min(to, length); pixel++) {
    low = Math.min(low, data[2 * pixel]!)
    high = Math.max(high, data[2 * pixel + 1]!)
  }
  return [low, high]
}

export const Drawing = z.object({
  width: whole(1, 2000).default(800).meta({ description: 'Pixels' }),
  height: whole(1, 500).default(120).meta({ description: 'Pixels' }),
  colour: z
    .string()
    .regex(/^[0-9a-f]{6}$/i, 'must be six hexadecimal digits, like 3366cc')
    .default('3366cc'),
})

/** The waveform in one colour on nothing, as a PNG; silence is a line in the middle. */
export function drawn(peaks: Peaks, { width, height, colour }: z.infer<typeof Drawing>): Buffer {
  const png = new PNG({ width, height })
  const pixel = Buffer.from(`${colour}ff`, 'hex')
  const rowOf = (level: number) => Math.min(height - 1, Math.max(0, Math.round(((127 - level) / 255) * (height - 1))))
  for (let x = 0; x < width; x++) {
    const from = Math.floor((x * peaks.length) / width)
    const [low, high] = extremes(peaks, from, Math.max(from + 1, Math.floor(((x + 1) * peaks.length) / width)))
    for (let y = rowOf(high); y <= rowOf(low); y++) pixel.copy(png.data, (y * width + x) * 4)
  }
  return PNG.sync.write(png)
}
