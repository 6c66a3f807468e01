import { RequestFault, ServerFault } from './inferenceFaults.ts'

const arrays = { FP32: Float32Array, INT64: BigInt64Array, INT32: Int32Array } as const

export type Datatype = keyof typeof arrays

/** Its elements lie row by row. */
export interface Tensor {
  name: string
  datatype: Datatype
  shape: number[]
  data: Float32Array | BigInt64Array | Int32Array
}

/** The body of an infer request and the headers that tell how to read it. */
export interface Encoded {
  headers: Record<string, string>
  body: Buffer
}

const headLength = 'inference-header-content-length'

/** Throws RequestFault for tensors that are none. `isBinary`: by the binary tensors extension, asking for an answer of the same kind. */
export function encodeRequest(
  inputs: readonly Tensor[],
  outputs: readonly string[] | undefined,
  isBinary: boolean,
): Encoded {
  inputs.forEach(check)
  const wanted = outputs?.map((name) => ({ name }))
  if (!isBinary) {
    const told = inputs.map(({ name, datatype, shape, data }) => {
      const about = JSON.stringify({ name, datatype, shape })
      // Not by JSON: it has no integers of 64 bits.
      return `${about.slice(0, -1)},"data":[${jsonOf(data)}]}`
    })
    const rest = wanted ? `,"outputs":${JSON.stringify(wanted)}` : ''
    return { headers: { 'content-type': 'application/json' }, body: Buffer.from(`{"inputs":[${told.join()}]${rest}}`) }
  }
  const parts = inputs.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  const head = Buffer.from(
    JSON.stringify({
      inputs: inputs.map(({ name, datatype, shape }, i) => ({
        ...{ name, datatype, shape },
        parameters: { binary_data_size: parts[i]!.length },
      })),
      ...(wanted && { outputs: wanted }),
      parameters: { binary_data_output: true },
    }),
  )
  return {
    headers: { 'content-type': 'application/octet-stream', [headLength]: String(head.length) },
    body: Buffer.concat([head, ...parts]),
  }
}

function check({ name, datatype, shape, data }: Tensor): void {
  if (!(data instanceof arrays[datatype])) throw new RequestFault(`Input ${name} is no ${datatype}`)
  if (elementsOf(shape) !== data.length)
    throw new RequestFault(`Input ${name} has ${data.length} elements, and not the shape [${shape.join()}]`)
}

function jsonOf(data: Tensor['data']): string {
  if (data instanceof Float32Array && !data.every(Number.isFinite))
    throw new RequestFault('A number that is not finite cannot be written as JSON')
  return data.join()
}

/** Undefined where it is no shape. */
function elementsOf(shape: unknown): number | undefined {
  if (!Array.isArray(shape) || !shape.every((side) => Number.isSafeInteger(side) && side >= 0)) return undefined
  const elements = (shape as number[]).reduce((product, side) => product * side, 1)
  return Number.isSafeInteger(elements) ? elements : undefined
}

export interface Inferred {
  model_version?: string
  outputs: Record<string, Tensor>
}

/** What a server answered to an infer request. Throws ServerFault where that is no answer to it. */
export function decodeAnswer(
  { headers, body }: { headers: Record<string, unknown>; body: Buffer },
  wanted: readonly string[] | undefined,
): Inferred {
  const given = headers[headLength]
  const end = given === undefined ? body.length : Number(given)
  if (!Number.isSafeInteger(end) || end < 0 || end > body.length)
    throw new ServerFault('It says that the JSON of its answer is longer than all of it')
  const told = objectIn(body.subarray(0, end))
  const { outputs, model_version } = told
  if (!Array.isArray(outputs)) throw new ServerFault('Its answer has no outputs')
  let at = end
  const tensors = new Map<string, Tensor>()
  for (const output of outputs as unknown[]) {
    if (typeof output !== 'object' || output === null) throw new ServerFault('An output of its answer is no object')
    const { name, datatype, shape, data, parameters } = output as Record<string, any>
    const elements = elementsOf(shape)
    if (typeof name !== 'string' || tensors.has(name)) throw new ServerFault('An output of its answer has no own name')
    if (!Object.hasOwn(arrays, datatype)) throw new ServerFault(`Output ${brief(name)} is of a type we do not know`)
    if (elements === undefined) throw new ServerFault(`Output ${brief(name)} has no shape`)
    const about = { name, datatype: datatype as Datatype, shape: shape as number[] }
    const size = (parameters as { binary_data_size?: unknown } | undefined)?.binary_data_size
    if (size === undefined) {
      tensors.set(name, { ...about, data: fromJson(about, elements, data) })
      continue
    }
    const Elements = arrays[about.datatype]
    if (size !== elements * Elements.BYTES_PER_ELEMENT || at + size > body.length) throw misshapen(about)
    // A copy: what lies at any place of the answer need not be aligned.
    const bytes = new Uint8Array(body.subarray(at, at + size))
    tensors.set(name, { ...about, data: new Elements(bytes.buffer) })
    at += size
  }
  if (at !== body.length) throw new ServerFault('Its answer has bytes that belong to no output')
  const missing = wanted?.find((name) => !tensors.has(name))
  if (missing !== undefined) throw new ServerFault(`Its answer lacks the output ${missing}`)
  return {
    ...(typeof model_version === 'string' && model_version !== '' && { model_version: model_version.slice(0, 100) }),
    outputs: Object.fromEntries(tensors),
  }
}

const brief = (name: string) => JSON.stringify(name.slice(0, 100))
const misshapen = ({ name, shape }: { name: string; shape: number[] }) =>
  new ServerFault(`Output ${brief(name)} has not as many elements as its shape [${shape.slice(0, 8).join()}]`)

function fromJson(about: Omit<Tensor, 'data'>, elements: number, data: unknown): Tensor['data'] {
  // Rows may be arrays of their own.
  const flat = Array.isArray(data) ? (data.flat(8) as unknown[]) : undefined
  if (flat?.length !== elements) throw misshapen(about)
  const isFit = about.datatype === 'FP32' ? Number.isFinite : Number.isSafeInteger
  if (!flat.every(isFit))
    throw new ServerFault(`Output ${brief(about.name)} has elements that are no ${about.datatype}`)
  const numbers = flat as number[]
  return about.datatype === 'INT64' ? BigInt64Array.from(numbers, BigInt) : arrays[about.datatype].from(numbers)
}

/** Throws ServerFault where these bytes are no JSON object. */
export function objectIn(bytes: Buffer): Record<string, unknown> {
  let told: unknown
  try {
    told = JSON.parse(bytes.toString())
  } catch {
    throw new ServerFault('What it answered is no JSON')
  }
  if (typeof told !== 'object' || told === null || Array.isArray(told))
    throw new ServerFault('What it answered is no JSON object')
  return told as Record<string, unknown>
}
