import type { Tensor } from '../workers/models/model.ts'

/** An infer request by binary tensors, as a client of the protocol sends it; resolves with the outputs. Throws what the server says. */
export const inferAt =
  (url: string, model: string) =>
  async (
    inputs: Tensor[],
    outputs?: string[],
  ): Promise<Record<string, { shape: number[]; data: ArrayLike<unknown> }>> => {
    const parts = inputs.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))
    const head = JSON.stringify({
      inputs: inputs.map(({ data: _, ...input }, i) => ({
        ...input,
        parameters: { binary_data_size: parts[i]!.length },
      })),
      ...(outputs && { outputs: outputs.map((name) => ({ name })) }),
      parameters: { binary_data_output: true },
    })
    const answer = await fetch(`${url}/v2/models/${model}/infer`, {
      method: 'POST',
      headers: { 'Inference-Header-Content-Length': String(Buffer.byteLength(head)) },
      body: Buffer.concat([Buffer.from(head), ...parts]),
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const end = Number(answer.headers.get('Inference-Header-Content-Length') ?? bytes.length)
    const told = JSON.parse(bytes.subarray(0, end).toString()) as {
      error?: string
      outputs: (Omit<Tensor, 'data'> & { parameters: { binary_data_size: number } })[]
    }
    if (!answer.ok) throw new Error(told.error)
    let at = end
    return Object.fromEntries(
      told.outputs.map(({ name, shape, datatype, parameters: { binary_data_size } }) => {
        const { buffer } = new Uint8Array(bytes.subarray(at, (at += binary_data_size)))
        return [name, { shape, data: datatype === 'INT32' ? new Int32Array(buffer) : new Float32Array(buffer) }]
      }),
    )
  }
