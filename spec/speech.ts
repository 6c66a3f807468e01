import { readFileSync } from 'node:fs'
import { wavOf } from './sounds.ts'

const rate = 16_000
/** Where the sentences of the demo's recording lie: from where it is louder than 40 dB below its loudest, until it is not, in seconds. */
const sentences = { first: [0.01, 2.61], third: [6.01, 8.04] } as const

/** The same numbers each time, evenly from −1 to 1. */
export function noise(length: number, amplitude: number): Float32Array {
  let state = 1
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return amplitude * (state / 2 ** 31 - 1)
  })
}

/** A WAV of 16-bit samples at 16 kHz from −1…1. */
export const wav16 = (samples: Float32Array): Buffer =>
  wavOf(Buffer.from(Int16Array.from(samples, (sample) => Math.round(sample * 32_767)).buffer))

/** 20 s of noise, and where somebody speaks in it, in seconds. */
export function speechInNoise(): { samples: Float32Array; wav: Buffer; spoken: [start: number, end: number][] } {
  const pcm = readFileSync(new URL('../ops/demo/speech.wav', import.meta.url))
  const from = pcm.indexOf('data') + 8
  const speech = Float32Array.from(
    { length: (pcm.length - from) >> 1 },
    (_, i) => pcm.readInt16LE(from + 2 * i) / 32_768,
  )
  const samples = noise(20 * rate, 0.01)
  const spoken = (
    [
      [sentences.first, 3],
      [sentences.third, 13.8],
    ] as const
  ).map(([[start, end], at]): [number, number] => {
    speech.subarray(start * rate, end * rate).forEach((sample, i) => (samples[Math.round(at * rate) + i]! += sample))
    return [at, at + end - start]
  })
  return { samples, wav: wav16(samples), spoken }
}
