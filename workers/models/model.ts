import type { z } from 'zod'
import type { Json } from '../../domain/decider.ts'

/** As the Open Inference Protocol has them: row by row. */
export interface Tensor {
  name: string
  datatype: 'FP32' | 'INT64' | 'INT32'
  shape: number[]
  data: Float32Array | BigInt64Array | Int32Array
}

/** What a server gave; what is of use in it is for the model to check. */
export type Outputs = Record<string, { shape: readonly number[]; data: ArrayLike<unknown> }>

export interface ModelInput<Params> {
  /** One channel at the model's `sample_rate_hz`, −1…1 at full scale, in pieces of any size. */
  samples: AsyncIterable<Float32Array>
  /** Asks the server that was chosen; there for models with `needsServer`. */
  infer?: (inputs: Tensor[], outputs?: string[]) => Promise<Outputs>
  /** As `params` of the model gives them. */
  params: Params
  signal: AbortSignal
}

/** What listens to recordings. To add one: a file like those beside this one, and a line in catalogue.ts. */
export interface Model<Params extends z.ZodType = z.ZodType> {
  /** What its servers call it, too. */
  name: string
  /** Of the net and of what is made of its answers here. */
  version: string
  needsServer: boolean
  /** For people: what it finds. */
  describe: string
  /** What may be asked of it; it gives every value a default. */
  params: Params
  sample_rate_hz: number
  /** Resolves with what was found, once `samples` is read to its end. Throws WrongAnswer, and what `samples` and `infer` throw. */
  run(input: ModelInput<z.output<Params>>): Promise<Json>
}

/** A server answered, in the protocol, with something that this model does not say: that is the server's fault. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer'
}

/** Pieces of any size as pieces of `length`, of which the last may be shorter. Each is read before the next is asked for. */
export async function* inPieces(
  samples: AsyncIterable<Float32Array>,
  length: () => number,
): AsyncGenerator<Float32Array> {
  let piece = new Float32Array(length())
  let filled = 0
  for await (const chunk of samples)
    for (let at = 0; at < chunk.length;) {
      const taken = chunk.subarray(at, at + piece.length - filled)
      piece.set(taken, filled)
      filled += taken.length
      at += taken.length
      if (filled < piece.length) continue
      yield piece
      piece = new Float32Array(length())
      filled = 0
    }
  if (filled > 0) yield piece.subarray(0, filled)
}
