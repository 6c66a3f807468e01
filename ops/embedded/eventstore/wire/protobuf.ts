import { isUtf8 } from 'node:buffer'
import { BYTES, MalformedMessage, Reader, VARINT, varintLength, writeVarint } from './varint.ts'

/**
 * A table-driven protobuf codec for the few messages served here: a message is a table of `name: [number, type]`.
 * Unknown fields are skipped, absent fields are absent. Only ReadResp's events bypass it (see `eventFrames.ts`).
 */
export type Type = 'uint64' | 'int64' | 'bool' | 'string' | 'bytes' | 'empty' | Fields
export interface Fields {
  readonly [name: string]: readonly [number: number, type: Type, repeated?: 'repeated']
}

type ValueOf<T> = T extends 'uint64'
  ? number
  : T extends 'int64'
    ? bigint
    : T extends 'bool'
      ? boolean
      : T extends 'string'
        ? string
        : T extends 'bytes'
          ? Buffer
          : T extends 'empty'
            ? true
            : T extends Fields
              ? MessageOf<T>
              : never

export type MessageOf<F extends Fields> = {
  [K in keyof F]?: F[K] extends readonly [number, infer T, 'repeated']
    ? ValueOf<T>[]
    : F[K] extends readonly [number, infer T]
      ? ValueOf<T> | undefined
      : never
}

const wireType = (type: Type): number => (type === 'uint64' || type === 'int64' || type === 'bool' ? VARINT : BYTES)

interface Column {
  name: string
  type: Type
  repeated: boolean
}
const tables = new WeakMap<Fields, Map<number, Column>>()

function columns(fields: Fields): Map<number, Column> {
  let table = tables.get(fields)
  if (!table) {
    table = new Map()
    for (const [name, [number, type, repeated]] of Object.entries(fields))
      table.set(number, { name, type, repeated: repeated !== undefined })
    tables.set(fields, table)
  }
  return table
}

function readValue(reader: Reader, type: Type): unknown {
  switch (type) {
    case 'uint64':
      return reader.varint()
    case 'int64':
      return reader.bigint()
    case 'bool':
      return reader.varint() !== 0
    case 'string':
      return textOf(reader.slice())
    case 'bytes':
      return reader.slice()
    case 'empty':
      reader.slice()
      return true
    default:
      return decode(type, reader.slice())
  }
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (text.includes('\ufffd') && !isUtf8(bytes)) throw new MalformedMessage('A text is not UTF-8')
  return text
}

/** Throws `MalformedMessage` on anything that is not a message of these fields. Byte fields are views of `bytes`. */
export function decode<F extends Fields>(fields: F, bytes: Buffer): MessageOf<F> {
  const table = columns(fields)
  const reader = new Reader(bytes)
  const message: Record<string, unknown> = {}
  while (reader.at < reader.end) {
    const tag = reader.varint()
    const column = table.get(Math.floor(tag / 8))
    if (!column || wireType(column.type) !== tag % 8) {
      reader.skip(tag % 8)
      continue
    }
    const value = readValue(reader, column.type)
    if (!column.repeated) message[column.name] = value
    else ((message[column.name] ??= []) as unknown[]).push(value)
  }
  return message as MessageOf<F>
}

function varintOf(value: number | bigint): Buffer {
  if (typeof value === 'number') {
    const bytes = Buffer.allocUnsafe(varintLength(value))
    writeVarint(bytes, 0, value)
    return bytes
  }
  const out: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest >= 128n; rest >>= 7n) out.push(Number(rest & 127n) | 128)
  out.push(Number(rest))
  return Buffer.from(out)
}

function valueBytes(type: Type, value: unknown): Buffer {
  switch (type) {
    case 'uint64':
    case 'int64':
      return varintOf(value as number | bigint)
    case 'bool':
      return varintOf(value ? 1 : 0)
    case 'string':
      return Buffer.from(value as string, 'utf8')
    case 'bytes':
      return value as Buffer
    case 'empty':
      return Buffer.alloc(0)
    default:
      return encode(type, value as MessageOf<typeof type>)
  }
}

export function encode<F extends Fields>(fields: F, message: MessageOf<F>): Buffer {
  const parts: Buffer[] = []
  for (const [number, { name, type, repeated }] of columns(fields)) {
    const value = (message as Record<string, unknown>)[name]
    if (value === undefined) continue
    for (const item of repeated ? (value as unknown[]) : [value]) {
      const body = valueBytes(type, item)
      const wire = wireType(type)
      parts.push(varintOf(number * 8 + wire))
      if (wire === BYTES) parts.push(varintOf(body.length))
      parts.push(body)
    }
  }
  return Buffer.concat(parts)
}
