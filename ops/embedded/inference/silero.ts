import { join } from 'node:path'
import { root } from '../../platform/root.ts'
import type { Served } from './served.ts'
import { Refused, type Tensor } from './tensors.ts'

const [window, context, rate] = [512, 64, 16_000]
const mostWindows = 1024

/**
 * Silero VAD, window after window within one request: 64 samples of what came before and n × 512 new ones give n probabilities of speech. With
 * n = 1 it is what the net itself takes and gives; `max_windows` tells who asks that n may be more.
 */
export const silero: Served = {
  name: 'silero-vad',
  version: '6',
  inputs: [
    { name: 'input', datatype: 'FP32', shape: [1, -1] },
    { name: 'state', datatype: 'FP32', shape: [2, 1, 128] },
    { name: 'sr', datatype: 'INT64', shape: [1] },
  ],
  outputs: [
    { name: 'output', datatype: 'FP32', shape: [1, -1] },
    { name: 'stateN', datatype: 'FP32', shape: [2, 1, 128] },
    { name: 'max_windows', datatype: 'INT32', shape: [1] },
  ],

  async load() {
    const { InferenceSession, Tensor: OrtTensor } = (await import('onnxruntime-node')).default
    const file = join(root, 'ops/embedded/inference/models/silero-vad-6.onnx')
    const session = await InferenceSession.create(file, {
      executionProviders: ['cpu'],
      // One thread that is busy only while it computes: everything else of the machine goes on.
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      enableCpuMemArena: false,
    })
    const sr = new OrtTensor('int64', BigInt64Array.of(BigInt(rate)), [])

    return {
      async run({ input, state, sr: given }, signal) {
        const samples = input!.data as Float32Array
        const n = (samples.length - context) / window
        if (!Number.isInteger(n) || n < 1 || n > mostWindows)
          throw new Refused(
            400,
            `input 'input' must have ${context} + n × ${window} samples, n from 1 to ${mostWindows}`,
          )
        if (given!.data[0] !== BigInt(rate)) throw new Refused(400, `input 'sr' must be ${rate}`)
        const probabilities = new Float32Array(n)
        let remembered = new OrtTensor('float32', state!.data as Float32Array, [2, 1, 128])
        for (let i = 0; i < n && !signal.aborted; i++) {
          const heard = samples.slice(i * window, i * window + context + window)
          const told = await session.run({
            input: new OrtTensor('float32', heard, [1, heard.length]),
            state: remembered,
            sr,
          })
          probabilities[i] = (told['output']!.data as Float32Array)[0]!
          remembered = told['stateN'] as typeof remembered
        }
        return [
          { name: 'output', datatype: 'FP32', shape: [1, n], data: probabilities },
          { name: 'stateN', datatype: 'FP32', shape: [2, 1, 128], data: remembered.data as Float32Array },
          { name: 'max_windows', datatype: 'INT32', shape: [1], data: Int32Array.of(mostWindows) },
        ] satisfies Tensor[]
      },
    }
  },
}
