import { z } from 'zod'
import { inPieces, type Model, type ModelInput, type Tensor, WrongAnswer } from './model.ts'
import { segmentsOf } from './speech.ts'

const sample_rate_hz = 16_000
/** What the net hears at a time, and what it hears again of what came before. */
const [window, context] = [512, 64]
/** More in one request would be megabytes that one server holds for long. */
const mostWindows = 1024

const ms = (value: number, most: number) => z.number().min(0).max(most).default(value)

const schema = z.strictObject({
  threshold: z.number().min(0.05).max(0.95).default(0.5),
  min_speech_ms: ms(250, 60_000),
  min_silence_ms: ms(100, 60_000),
  speech_pad_ms: ms(30, 5000),
})

/**
 * Speech, by Silero VAD. Its net takes 64 + 512 samples (`input`), what it remembers (`state`) and the rate (`sr`), and gives the probability
 * of speech (`output`) and what it remembers then (`stateN`). A server of that plain net is asked window by window. One that loops by itself
 * says so in a further output, `max_windows`: it takes 64 + n × 512 samples and gives n probabilities, and is asked with as many as it takes.
 */
export const sileroVad: Model<typeof schema> = {
  name: 'silero-vad',
  version: '6',
  needsServer: true,
  describe: 'Where somebody speaks: segments in seconds from the beginning, each with a confidence of 0 to 1',
  params: schema,
  sample_rate_hz,

  async run({ samples, infer, params, signal }: ModelInput<z.output<typeof schema>>) {
    const probabilities: number[] = []
    let [heard, windows, state] = [0, 1, new Float32Array(2 * 128)]
    let before = new Float32Array(context)
    for await (const piece of inPieces(samples, () => windows * window)) {
      signal.throwIfAborted()
      heard += piece.length
      const n = Math.ceil(piece.length / window)
      // Silence follows the end.
      const input = new Float32Array(context + n * window)
      input.set(before)
      input.set(piece, context)
      before = input.slice(-context)
      const { output, stateN, max_windows } = await infer!(inputsOf(input, state))
      probabilities.push(...probabilitiesIn(output?.data, n))
      state = stateIn(stateN?.data)
      if (max_windows) windows = Math.min(Math.max(1, Number(max_windows.data[0]) || 1), mostWindows)
    }
    const [window_secs, duration_secs] = [window / sample_rate_hz, heard / sample_rate_hz]
    return { segments: segmentsOf(probabilities, { ...params, window_secs, duration_secs }) }
  },
}

const inputsOf = (input: Float32Array, state: Float32Array): Tensor[] => [
  { name: 'input', datatype: 'FP32', shape: [1, input.length], data: input },
  { name: 'state', datatype: 'FP32', shape: [2, 1, 128], data: state },
  { name: 'sr', datatype: 'INT64', shape: [1], data: BigInt64Array.of(BigInt(sample_rate_hz)) },
]

function probabilitiesIn(data: ArrayLike<unknown> | undefined, n: number): number[] {
  const values = Array.from(data ?? []) as number[]
  if (values.length !== n || !values.every((value) => value >= 0 && value <= 1))
    throw new WrongAnswer(`The server did not give ${n} probabilities of speech for as many windows`)
  return values
}

function stateIn(data: ArrayLike<unknown> | undefined): Float32Array<ArrayBuffer> {
  const state = Float32Array.from((data ?? []) as ArrayLike<number>)
  if (state.length !== 2 * 128 || !state.every(Number.isFinite))
    throw new WrongAnswer('The server did not give the state that its net goes on from')
  return state
}
