import FFT from 'fft.js'
import { z } from 'zod'
import { inPieces, type Model, type ModelInput } from './model.ts'

/** So that sixteen steps of half a window are a second, and lines of the spectrum lie 8 Hz apart. */
const sample_rate_hz = 32_768
const size = 4096
const step = size / 2
const stepsASecond = sample_rate_hz / step
const bands_hz = [63, 125, 250, 500, 1000, 2000, 4000, 8000]

const schema = z.strictObject({})

/** Levels of one second, or of all: sums of squares, and how much of a window they were seen through. */
interface Sums {
  samples: number
  squares: number
  peak: number
  weight: number
  bands: Float64Array
}

const noSums = (): Sums => ({ samples: 0, squares: 0, peak: 0, weight: 0, bands: new Float64Array(bands_hz.length) })

/**
 * Levels of the sound (up to 16 kHz) second by second, computed here. dBFS: 0 is a constant full scale, so the RMS of a full-scale sine is −3.01;
 * `null` is digital silence. Bands are octaves, seen through windows of an eighth of a second that overlap by half and together show every sample
 * alike; each counts for the second that its middle lies in.
 */
export const soundLevels: Model<typeof schema> = {
  name: 'sound-levels',
  version: '1',
  needsServer: false,
  describe: 'RMS, peak, crest factor and octave bands from 63 Hz to 8 kHz, for every second and for all of it, in dBFS',
  params: schema,
  sample_rate_hz,

  async run({ samples, signal }: ModelInput<z.output<typeof schema>>) {
    const seconds: Sums[] = []
    const addSpectrum = spectra()
    let before: Float32Array = new Float32Array(0)
    let steps = 0
    for await (const piece of inPieces(samples, () => step)) {
      signal.throwIfAborted()
      const second = (seconds[Math.floor(steps++ / stepsASecond)] ??= noSums())
      addSpectrum(before, piece, second)
      measure(piece, second)
      before = piece
    }
    if (steps > 0) addSpectrum(before, new Float32Array(0), seconds.at(-1)!)
    const columns = seconds.map(levelsOf)
    return {
      duration_secs: rounded(seconds.reduce((sum, one) => sum + one.samples, 0) / sample_rate_hz, 3),
      bands_hz,
      overall: levelsOf(seconds.reduce(added, noSums())),
      seconds: {
        rms_dbfs: columns.map(({ rms_dbfs }) => rms_dbfs),
        peak_dbfs: columns.map(({ peak_dbfs }) => peak_dbfs),
        crest_db: columns.map(({ crest_db }) => crest_db),
        bands_dbfs: columns.map(({ bands_dbfs }) => bands_dbfs),
      },
    }
  },
}

function measure(samples: Float32Array, sums: Sums): void {
  let { squares, peak } = sums
  for (const sample of samples) {
    squares += sample * sample
    peak = Math.max(peak, Math.abs(sample))
  }
  Object.assign(sums, { squares, peak, samples: sums.samples + samples.length })
}

/** Adds to the sums what is in the bands of a window of two steps. What they lack, before and after the recording, has no weight. */
function spectra() {
  const fft = new FFT(size)
  const window = Float64Array.from({ length: size }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / size))
  const octaves = bands_hz.map(linesOf)
  const [input, output] = [new Array<number>(size), fft.createComplexArray() as number[]]
  return (...[first, second, sums]: [Float32Array, Float32Array, Sums]): void => {
    input.fill(0)
    for (const [samples, offset] of [
      [first, 0],
      [second, step],
    ] as const)
      samples.forEach((sample, i) => {
        input[offset + i] = sample * window[offset + i]!
      })
    // The squares of both halves add up to one, sample by sample.
    sums.weight += (first.length + second.length) / 2
    fft.realTransform(output, input)
    octaves.forEach((lines, band) => {
      for (const { line, share } of lines)
        sums.bands[band]! += (share * 2 * (output[2 * line]! ** 2 + output[2 * line + 1]! ** 2)) / size
    })
  }
}

/** The lines of the spectrum in an octave, with the share of each that lies within it. Nominal 63 Hz is 62.5 Hz, by 1 kHz and octaves. */
function linesOf(hz: number): { line: number; share: number }[] {
  const middle = 1000 * 2 ** Math.round(Math.log2(hz / 1000))
  const [low, high] = [middle / Math.SQRT2, middle * Math.SQRT2].map((edge) => (edge * size) / sample_rate_hz) as [
    number,
    number,
  ]
  const lines = Array.from({ length: Math.ceil(high + 0.5) - Math.floor(low) }, (_, i) => Math.floor(low) + i)
  return lines
    .map((line) => ({ line, share: Math.min(line + 0.5, high) - Math.max(line - 0.5, low) }))
    .filter(({ share }) => share > 0)
}

const added = (one: Sums, other: Sums): Sums => ({
  samples: one.samples + other.samples,
  squares: one.squares + other.squares,
  peak: Math.max(one.peak, other.peak),
  weight: one.weight + other.weight,
  bands: one.bands.map((value, i) => value + other.bands[i]!),
})

function levelsOf({ samples, squares, peak, weight, bands }: Sums) {
  const [rms_dbfs, peak_dbfs] = [decibels(squares / samples), decibels(peak * peak)]
  return {
    rms_dbfs,
    peak_dbfs,
    crest_db: rms_dbfs === null || peak_dbfs === null ? null : rounded(peak_dbfs - rms_dbfs, 2),
    bands_dbfs: Array.from(bands, (energy) => decibels(energy / weight)),
  }
}

/** Of a mean square. What is below a ten-millionth of the full scale is what computing leaves. */
const decibels = (power: number) => (power > 1e-14 ? rounded(10 * Math.log10(power), 2) : null)

const rounded = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits
