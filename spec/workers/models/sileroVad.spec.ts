import { expect } from 'chai'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Stack, startStack } from '../../../ops/embedded/stack.ts'
import { findPrograms } from '../../../ops/programs.ts'
import { sileroVad } from '../../../workers/models/sileroVad.ts'
import type { Segment } from '../../../workers/models/speech.ts'
import type { ModelInput, Tensor } from '../../../workers/models/model.ts'
import { samplesOf } from '../../../workers/samples.ts'
import { inferAt } from '../../openInference.ts'
import { made, sound } from '../../sounds.ts'
import { noise, speechInNoise, wav16 } from '../../speech.ts'
import { temporaryDataDir } from '../../system.ts'

type Infer = NonNullable<ModelInput<unknown>['infer']>

const never = new AbortController().signal
const { samples: spokenSamples, wav, spoken } = speechInNoise()
const defaults = sileroVad.params.parse({})

async function* pieces(samples: Float32Array, length = 10_000) {
  for (let at = 0; at < samples.length; at += length) yield samples.slice(at, at + length)
}

describe('silero-vad', function () {
  this.timeout(30_000)
  const dataDir = temporaryDataDir()
  let stack: Stack
  let infer: Infer

  before(async () => {
    const secrets = { s3AccessKey: 'a', s3SecretKey: 's', eventStoreUser: 'u', eventStorePassword: 'p', natsToken: 't' }
    const provide = { eventStore: false, database: false, bus: false, objects: false, inference: true }
    const given = { dataDir, provide, secrets: { ...secrets, postgresPassword: 'p' }, paths: {}, log: () => {} }
    stack = await startStack(given)
    infer = inferAt(stack.addresses.INFERENCE_URL!, 'silero-vad')
  })
  after(async () => {
    await stack?.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const segmentsIn = async (samples: AsyncIterable<Float32Array>, asked = infer): Promise<Segment[]> =>
    (await sileroVad.run({ samples, infer: asked, params: defaults, signal: never }))['segments'] as Segment[]

  async function decoded(bytes: Buffer, contentType: string) {
    const programs = await findPrograms({}, process.env['PATH'] ?? '')
    const file = join(dataDir, 'recording')
    writeFileSync(file, bytes)
    return samplesOf({ programs, file, contentType, sample_rate_hz: sileroVad.sample_rate_hz, signal: never }).samples
  }

  const expectSpoken = (segments: Segment[]) => {
    expect(segments).to.have.length(spoken.length)
    segments.forEach(({ start_secs, end_secs, confidence }, i) => {
      expect(start_secs).to.be.closeTo(spoken[i]![0], 0.3)
      expect(end_secs).to.be.closeTo(spoken[i]![1], 0.3)
      expect(confidence).to.be.within(0.8, 1)
    })
  }

  for (const [what, bytes, type] of [
    ['a WAV', () => wav, 'audio/wav'],
    ['an MP3 in stereo at 44.1 kHz', () => made('mp3', ['-i', '%', '-ac', '2', '-ar', '44100'], wav), 'audio/mpeg'],
  ] as const)
    it(`finds where somebody speaks within 0.3 s, in ${what}`, async () =>
      expectSpoken(await segmentsIn(await decoded(bytes(), type))))

  it('finds nothing in noise, a tone, silence, clicks, or nothing at all', async () => {
    const none: Record<string, Buffer> = {
      noise: wav16(noise(10 * 16_000, 0.3)),
      tone: sound('wav', { seconds: 10 }),
      silence: wav16(new Float32Array(160_000)),
      clicks: wav16(Float32Array.from({ length: 160_000 }, (_, i) => (i % 16_000 === 0 ? 0.9 : 0))),
      'one sample': wav16(Float32Array.of(0.5)),
      nothing: wav16(new Float32Array(0)),
    }
    for (const [what, bytes] of Object.entries(none))
      expect(await segmentsIn(await decoded(bytes, 'audio/wav')), what).to.deep.equal([])
  })

  /** Answers as the net itself does: one window, and no word of more. */
  const plain =
    (asked: number[][]): Infer =>
    async (inputs, outputs) => {
      asked.push(inputs[0]!.shape)
      const { max_windows: _, ...rest } = await infer(inputs, outputs)
      return rest
    }

  it('finds the same at a server of the plain net, window by window', async () => {
    const asked: number[][] = []
    expect(await segmentsIn(pieces(spokenSamples), plain(asked))).to.deep.equal(await segmentsIn(pieces(spokenSamples)))
    expect(asked).to.have.length(Math.ceil(spokenSamples.length / 512))
    expect(new Set(asked.map(String))).to.deep.equal(new Set(['1,576']))
  })

  it('asks a server that takes many windows with many at a time', async () => {
    const asked: number[] = []
    const counted: Infer = (inputs) => {
      asked.push(inputs[0]!.data.length)
      return infer(inputs)
    }
    await segmentsIn(pieces(new Float32Array(60 * 16_000)), counted)
    expect(asked).to.deep.equal([576, 64 + 1024 * 512, 64 + 850 * 512])
  })

  const state = { shape: [2, 1, 128], data: new Float32Array(256) }
  const answers: Record<string, object> = {
    nothing: {},
    'no state': { output: { shape: [1, 1], data: Float32Array.of(0.5) } },
    'half a state': {
      output: { shape: [1, 1], data: Float32Array.of(0.5) },
      stateN: { shape: [1, 1, 128], data: new Float32Array(128) },
    },
    'two probabilities for one window': { output: { shape: [1, 2], data: Float32Array.of(0.5, 0.5) }, stateN: state },
    'a probability above 1': { output: { shape: [1, 1], data: Float32Array.of(1.5) }, stateN: state },
    NaN: { output: { shape: [1, 1], data: Float32Array.of(NaN) }, stateN: state },
    'a state of NaN': {
      output: { shape: [1, 1], data: Float32Array.of(0.5) },
      stateN: { ...state, data: new Float32Array(256).fill(NaN) },
    },
  }
  for (const [what, answer] of Object.entries(answers))
    it(`takes ${what} for the fault of the server`, async () => {
      const wrong = (async (_: Tensor[]) => answer) as Infer
      const failure = await segmentsIn(pieces(noise(1000, 0.1)), wrong).then(String, (error: Error) => error.name)
      expect(failure).to.equal('WrongAnswer')
    })

  it('takes no more windows at a time than it says itself, whatever a server says', async () => {
    for (const [says, asks] of [
      [1e9, 64 + 1024 * 512],
      [0, 576],
      [-5, 576],
      [NaN, 576],
    ] as const) {
      const lengths: number[] = []
      const odd: Infer = async ([input]) => {
        lengths.push(input!.data.length)
        const n = (input!.data.length - 64) / 512
        return {
          output: { shape: [1, n], data: new Float32Array(n) },
          stateN: state,
          max_windows: { shape: [1], data: [says] },
        }
      }
      await segmentsIn(pieces(new Float32Array(512 * 1025)), odd)
      expect(lengths[1], String(says)).to.equal(asks)
    }
  })

  it('can be asked with other thresholds, and with nothing that it does not know', () => {
    expect(defaults).to.deep.equal({ threshold: 0.5, min_speech_ms: 250, min_silence_ms: 100, speech_pad_ms: 30 })
    for (const bad of [{ threshold: 2 }, { threshold: NaN }, { min_speech_ms: -1 }, { treshold: 0.5 }, 'x'])
      expect(sileroVad.params.safeParse(bad).success, JSON.stringify(bad)).to.equal(false)
  })

  it('stops with the signal', async () => {
    const asked = { samples: pieces(spokenSamples), infer, params: defaults, signal: AbortSignal.abort() }
    expect(await sileroVad.run(asked).then(String, (error: Error) => error.name)).to.equal('AbortError')
  })
})
