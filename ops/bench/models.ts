import path from 'node:path'
import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { ModelInput } from '../../workers/models/model.ts'
import { sileroVad } from '../../workers/models/sileroVad.ts'
import { soundLevels } from '../../workers/models/soundLevels.ts'
import type { Programs } from '../../workers/media.ts'
import { samplesOf } from '../../workers/samples.ts'
import { startStack } from '../embedded/stack.ts'
import type { Session } from './bench.ts'
import { interleaved, timed } from './measure.ts'

type Infer = NonNullable<ModelInput<unknown>['infer']>

const noSecrets = {
  postgresPassword: '',
  s3AccessKey: '',
  s3SecretKey: '',
  eventStoreUser: '',
  eventStorePassword: '',
  natsToken: '',
}

/**
 * What a minute of a recording costs: from the file to segments of speech, with the embedded server, and to levels.
 * @param inferAt asks the model of the server at this address
 */
export async function measureModels(
  { options, scratch, report }: Pick<Session, 'options' | 'scratch' | 'report'>,
  { programs, inferAt }: { programs: Programs; inferAt: (url: string, model: string) => Infer },
): Promise<void> {
  const folder = await mkdtemp(path.join(scratch.folder, 'models-'))
  const file = path.join(folder, 'recording.flac')
  const noise = 'anoisesrc=d=60:c=pink:r=48000:a=0.3:seed=1'
  await promisify(execFile)(programs.ffmpeg, ['-v', 'error', '-f', 'lavfi', '-i', noise, file])
  const provide = { eventStore: false, database: false, bus: false, objects: false, inference: true }
  const stack = await startStack({ dataDir: folder, provide, secrets: noSecrets, paths: {}, log: () => {} })
  try {
    const url = stack.addresses.INFERENCE_URL
    if (url === undefined) throw new Error('the inference server is not installed: see its log')
    const { signal } = new AbortController()
    const samples = (sample_rate_hz: number) =>
      samplesOf({ programs, file, contentType: 'audio/flac', sample_rate_hz, signal }).samples
    const infer = inferAt(url, sileroVad.name)
    const rounds = await interleaved(options.rounds, {
      vad: () =>
        timed(() =>
          sileroVad.run({
            samples: samples(sileroVad.sample_rate_hz),
            infer,
            params: sileroVad.params.parse({}),
            signal,
          }),
        ),
      levels: () => timed(() => soundLevels.run({ samples: samples(soundLevels.sample_rate_hz), params: {}, signal })),
    })
    report.add({
      id: 'inference.vad',
      what: 'speech in 60 s of FLAC, from the file to segments',
      unit: 'ms',
      ours: rounds.vad,
      targets: [{ of: 'ours', most: 1000 }],
    })
    report.add({ id: 'inference.levels', what: 'levels of the same', unit: 'ms', ours: rounds.levels })
  } finally {
    await stack.stop()
  }
}
