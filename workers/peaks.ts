import { createReadStream } from 'node:fs'

export interface PeaksDocument {
  version: 2
  channels: 1
  sample_rate: number
  samples_per_pixel: number
  bits: 8
  length: number
  data: number[]
}

/** The waveform of a file of mono 16-bit samples, in audiowaveform's JSON version 2: a minimum and a maximum per pixel, −128…127. */
export async function peaksOf(
  file: string,
  { sample_rate, samples }: { sample_rate: number; samples: number },
): Promise<PeaksDocument> {
  const samples_per_pixel = Math.max(256, Math.ceil(samples / 10_000))
  const data: number[] = []
  let [low, high, seen, odd] = [0, 0, 0, -1]
  const push = (sample: number) => {
    if (seen === 0) low = high = sample
    else if (sample < low) low = sample
    else if (sample > high) high = sample
    if (++seen < samples_per_pixel) return
    data.push(low >> 8, high >> 8)
    seen = 0
  }
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    let at = 0
    if (odd >= 0) {
      push(((chunk[0]! << 24) >> 16) | odd)
      at = 1
      odd = -1
    }
    for (; at + 1 < chunk.length; at += 2) push(chunk.readInt16LE(at))
    if (at < chunk.length) odd = chunk[at]!
  }
  if (seen > 0) data.push(low >> 8, high >> 8)
  return { version: 2, channels: 1, sample_rate, samples_per_pixel, bits: 8, length: data.length / 2, data }
}
