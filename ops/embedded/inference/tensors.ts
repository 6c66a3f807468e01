/** Refused, in the words of the protocol's `{"error": …}`. */
export class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const arrays = { FP32: Float32Array, INT64: BigInt64Array, INT32: Int32Array } as const

export type Datatype = keyof typeof arrays

/** Its elements lie row by row. */
export interface Tensor {
  name: string
  datatype: Datatype
  shape: number[]
  data: Float32Array | BigInt64Array | Int32Array
}

/** What an infer request asks for. */
export interface Asked {
  id?: string
  inputs: Record<string, Tensor>
  /** Which outputs, and whether in bytes; absent: all. */
  outputs?: { name: string; binary: boolean }[]
  /** Where an output does not say. */
  binary: boolean
}

export const headLength = 'inference-header-content-length'

type Told = Record<string, unknown>

/**
 * Reads the body of an infer request; by the binary tensors extension, when a header says how much of it is JSON. Throws Refused (400).
 * @param head that header
 */
export function decodeRequest(body: Buffer, head: string | undefined): Asked {
  const end = head === undefined ? body.length : /^\d{1,9}$/.test(head) ? Number(head) : Infinity
  if (end > body.length) throw bad(`${headLength} is not the length of the JSON that the body begins with`)
  const told = objectOf(parsed(body.subarray(0, end)), 'the request')
  const { id, inputs, outputs, parameters } = told
  if (!Array.isArray(inputs)) throw bad('inputs must be a list')
  const binary = (parameters as Told | undefined)?.['binary_data_output'] === true
  let at = end
  const tensors = (inputs as unknown[]).map((input) => {
    const { tensor, read } = tensorOf(objectOf(input, 'an input'), body.subarray(at))
    at += read
    return tensor
  })
  if (at < body.length) throw bad('the body is longer than its inputs say')
  if (new Set(tensors.map(({ name }) => name)).size < tensors.length) throw bad('two inputs have the same name')
  return {
    ...(typeof id === 'string' && { id }),
    inputs: Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor])),
    ...(outputs !== undefined && { outputs: wantedOf(outputs, binary) }),
    binary,
  }
}

function wantedOf(outputs: unknown, binary: boolean): NonNullable<Asked['outputs']> {
  if (!Array.isArray(outputs)) throw bad('outputs must be a list')
  return (outputs as unknown[]).map((output) => {
    const { name, parameters } = objectOf(output, 'an output')
    if (typeof name !== 'string') throw bad('an output has no name')
    return { name, binary: ((parameters as Told | undefined)?.['binary_data'] ?? binary) === true }
  })
}

function tensorOf({ name, datatype, shape, data, parameters }: Told, rest: Buffer): { tensor: Tensor; read: number } {
  if (typeof name !== 'string') throw bad('an input has no name')
  if (typeof datatype !== 'string' || !Object.hasOwn(arrays, datatype))
    throw bad(`input '${name}' must be of the datatype ${Object.keys(arrays).join(', ')}`)
  if (!Array.isArray(shape) || !shape.every((side) => Number.isSafeInteger(side) && side >= 0))
    throw bad(`input '${name}' has no shape`)
  const type = datatype as Datatype
  const about = { name, datatype: type, shape: shape as number[] }
  const elements = about.shape.reduce((product, side) => product * side, 1)
  const size = (parameters as Told | undefined)?.['binary_data_size']
  if (size === undefined) return { tensor: { ...about, data: fromJson(about, elements, data) }, read: 0 }
  const Elements = arrays[type]
  if (size !== elements * Elements.BYTES_PER_ELEMENT || size > rest.length)
    throw bad(`input '${name}' has not the bytes of its shape [${about.shape.join()}]`)
  // A copy: what lies at any place of the body need not be aligned.
  return { tensor: { ...about, data: new Elements(new Uint8Array(rest.subarray(0, size)).buffer) }, read: size }
}

function fromJson({ name, datatype, shape }: Omit<Tensor, 'data'>, elements: number, data: unknown): Tensor['data'] {
  // Rows may be arrays of their own.
  const flat = Array.isArray(data) ? (data.flat(8) as unknown[]) : []
  if (flat.length !== elements) throw bad(`input '${name}' has not the elements of its shape [${shape.join()}]`)
  if (!flat.every(datatype === 'FP32' ? Number.isFinite : Number.isSafeInteger))
    throw bad(`input '${name}' has elements that are no ${datatype}`)
  const numbers = flat as number[]
  return datatype === 'INT64' ? BigInt64Array.from(numbers, BigInt) : arrays[datatype].from(numbers)
}

/** An answer and the headers that tell how to read it. */
export function encodeAnswer(
  about: { model_name: string; model_version: string; id?: string },
  outputs: readonly { tensor: Tensor; binary: boolean }[],
): { headers: Record<string, string>; body: Buffer } {
  const parts: Buffer[] = []
  const told = outputs.map(({ tensor: { data, ...tensor }, binary }) => {
    if (!binary) return { ...tensor, data: Array.from(data as ArrayLike<number | bigint>, Number) }
    const part = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    parts.push(part)
    return { ...tensor, parameters: { binary_data_size: part.length } }
  })
  const head = Buffer.from(JSON.stringify({ ...about, outputs: told }))
  if (parts.length === 0) return { headers: { 'content-type': 'application/json' }, body: head }
  return {
    headers: { 'content-type': 'application/octet-stream', [headLength]: String(head.length) },
    body: Buffer.concat([head, ...parts]),
  }
}

const bad = (message: string) => new Refused(400, message)

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    throw bad('the request is no JSON')
  }
}

function objectOf(value: unknown, what: string): Told {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`${what} must be an object`)
  return value as Told
}
