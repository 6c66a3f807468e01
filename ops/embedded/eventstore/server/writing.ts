import type { NewEvent } from '../log/record.ts'
import { Code, invalid, MAX_APPEND_SIZE, MaxAppendSizeExceeded, Refusal } from '../refusal.ts'
import { StreamDeleted, WrongExpectedVersion } from '../refusal.ts'
import type { Expected } from '../refusal.ts'
import { streamNameOf } from '../streams/names.ts'
import { isMetastream } from '../streams/metadata.ts'
import type { Access } from './access.ts'
import type { Appended, Streams } from '../streams/streams.ts'
import { frame } from '../wire/call.ts'
import type { Call } from '../wire/call.ts'
import * as wire from '../wire/messages.ts'
import { encode } from '../wire/protobuf.ts'
import type { MessageOf } from '../wire/protobuf.ts'

interface Expectation {
  stream?: { streamName?: Buffer | undefined } | undefined
  revision?: number | undefined
  noStream?: true | undefined
  any?: true | undefined
  streamExists?: true | undefined
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const NOTHING = Buffer.alloc(0)
/** It is not counted as a part of the append. */
const MAX_CONTENT_TYPE = 200
/** Each holds up to 1 MiB. */
const MAX_OPEN_BATCHES = 64
const MAX_RUNNING_BATCHES = 4096

function targetOf(options: Expectation | undefined): { stream: string; expected: Expected } {
  const stream = streamNameOf(options?.stream)
  return { stream, expected: expectedOf(options!) }
}

function expectedOf({ revision, noStream, any, streamExists }: Expectation): Expected {
  if (revision !== undefined) return revision
  if (noStream) return 'no_stream'
  if (streamExists) return 'stream_exists'
  if (any) return 'any'
  throw invalid('There is no expected revision')
}

export function idOf(id: MessageOf<typeof wire.Uuid> | undefined): string {
  const text = id?.structured ? unstructured(id.structured) : (id?.string ?? '').toLowerCase()
  if (!UUID.test(text)) throw invalid(`An event's id is a UUID, not "${text.slice(0, 50)}"`)
  return text
}

function unstructured({ most = 0n, least = 0n }: { most?: bigint | undefined; least?: bigint | undefined }): string {
  const hex = (bits: bigint) => BigInt.asUintN(64, bits).toString(16).padStart(16, '0')
  return (hex(most) + hex(least)).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function eventOf({ id, metadata = [], customMetadata, data }: MessageOf<typeof wire.ProposedMessage>): NewEvent {
  const header = new Map(metadata.map(({ key, value }) => [key, value]))
  const type = header.get('type')
  const contentType = header.get('content-type')
  if (!type || !contentType)
    throw new Refusal(Code.invalidArgument, 'An event has the metadata "type" and "content-type"', {
      exception: 'missing-required-metadata-property',
      'required-metadata-properties': 'type,content-type',
    })
  if (contentType.length > MAX_CONTENT_TYPE)
    throw invalid(`A content type is at most ${MAX_CONTENT_TYPE} characters long`)
  return { id: idOf(id), type, contentType, customMetadata: customMetadata ?? NOTHING, data: data ?? NOTHING }
}

/** Gathers an append that comes in pieces, without holding more than may be appended. */
class Gathered {
  readonly stream: string
  readonly #expected: Expected
  readonly #events: NewEvent[] = []
  #size = 0
  #refusal: Error | undefined

  /** `permit` throws if the caller may not write to the stream. */
  constructor(options: Expectation | undefined, permit: (stream: string) => void) {
    this.stream = options?.stream?.streamName?.toString('utf8') ?? ''
    this.#expected = this.#attempt(() => this.#permitted(options, permit)) ?? 'any'
  }

  #permitted(options: Expectation | undefined, permit: (stream: string) => void): Expected {
    const { stream, expected } = targetOf(options)
    permit(stream)
    return expected
  }

  add(message: MessageOf<typeof wire.ProposedMessage>): void {
    if (this.#refusal) return
    this.#attempt(() => {
      const event = eventOf(message)
      this.#size += event.data.length + event.customMetadata.length + event.type.length * 2
      if (this.#size > MAX_APPEND_SIZE) throw new MaxAppendSizeExceeded()
      this.#events.push(event)
    })
  }

  /** What is wrong with one append is told where it would be written: others on the same call go on. */
  #attempt<T>(step: () => T): T | undefined {
    try {
      return step()
    } catch (error) {
      this.#refusal = error as Error
      this.#events.length = 0
      return undefined
    }
  }

  appendTo(streams: Streams): Promise<Appended> {
    return this.#refusal ? Promise.reject(this.#refusal) : streams.append(this.stream, this.#expected, this.#events)
  }
}

const positionOf = ({ position }: Appended) =>
  position === undefined ? { noPosition: true as const } : { position: { commit: position, prepare: position } }

const successOf = (appended: Appended) => ({
  ...(appended.revision < 0 ? { noStream: true as const } : { currentRevision: appended.revision }),
  ...positionOf(appended),
})

const versionsOf = ({ expected, current }: WrongExpectedVersion) => ({
  ...(current < 0 ? { currentNoStream: true as const } : { currentRevision: current }),
  ...(expected === 'any'
    ? { expectedAny: true as const }
    : expected === 'no_stream'
      ? { expectedNoStream: true as const }
      : expected === 'stream_exists'
        ? { expectedStreamExists: true as const }
        : { expectedRevision: expected }),
})

/** Streams/Append: one append per call. */
export async function append(call: Call, streams: Streams, access: Access): Promise<void> {
  let gathered: Gathered | undefined
  for await (const { options, proposedMessage } of call.messages(wire.AppendReq)) {
    if (!gathered) gathered = new Gathered(options, (stream) => access.check(call.caller, stream, 'write'))
    else if (proposedMessage) gathered.add(proposedMessage)
  }
  if (!gathered) throw invalid('An append begins with its options')
  await streams.room()
  if (call.closed) return
  try {
    const appended = await gathered.appendTo(streams)
    await call.send(frame(wire.AppendResp, { success: successOf(appended) }))
  } catch (error) {
    if (!(error instanceof WrongExpectedVersion)) throw error
    await call.send(frame(wire.AppendResp, { wrongExpectedVersion: versionsOf(error) }))
  }
}

/** Streams/Delete and Streams/Tombstone. */
export async function remove(call: Call, streams: Streams, access: Access, how: 'delete' | 'tombstone'): Promise<void> {
  const { options } = await call.message(wire.DeleteReq)
  const { stream, expected } = targetOf(options)
  if (isMetastream(stream))
    throw invalid(`${stream} holds the metadata of a stream: it is deleted with it, not by itself`)
  access.check(call.caller, stream, 'delete')
  await call.send(frame(wire.DeleteResp, positionOf(await streams[how](stream, expected))))
}

/** Streams/BatchAppend: many appends on one call, answered as they become durable. */
export async function batchAppend(call: Call, streams: Streams, access: Access): Promise<void> {
  const open = new Map<string, Gathered>()
  const running = new Set<Promise<void>>()
  for await (const { correlationId, options, proposedMessages = [], isFinal } of call.messages(wire.BatchAppendReq)) {
    if (!correlationId) throw invalid('A batch has a correlation id')
    const key = correlationId.toString('latin1')
    let gathered = open.get(key)
    if (!gathered)
      open.set(key, (gathered = new Gathered(options, (stream) => access.check(call.caller, stream, 'write'))))
    if (open.size > MAX_OPEN_BATCHES) throw invalid(`More than ${MAX_OPEN_BATCHES} unfinished batches on one call`)
    for (const message of proposedMessages) gathered.add(message)
    if (!isFinal) continue
    open.delete(key)
    await streams.room()
    const done = answer(call, streams, correlationId, gathered).finally(() => running.delete(done))
    running.add(done)
    while (running.size >= MAX_RUNNING_BATCHES) await Promise.race(running)
  }
  await Promise.all(running)
}

async function answer(call: Call, streams: Streams, correlationId: Buffer, gathered: Gathered): Promise<void> {
  const head = { correlationId, stream: { streamName: Buffer.from(gathered.stream) } }
  try {
    const success = successOf(await gathered.appendTo(streams))
    call.write(frame(wire.BatchAppendResp, { ...head, success }))
  } catch (error) {
    if (!(error instanceof Refusal)) console.error('A batch failed:', error)
    call.write(frame(wire.BatchAppendResp, { ...head, error: statusOf(error as Error, head.stream) }))
  }
}

/** google.rpc.Status with the one detail that the clients unpack. */
function statusOf(error: Error, stream: { streamName: Buffer }) {
  const [type, value] = detailOf(error, stream)
  const code = error instanceof Refusal ? error.code : Code.internal
  return { code, message: error.message, details: { typeUrl: `type.googleapis.com/${type}`, value } }
}

function detailOf(error: Error, stream: { streamName: Buffer }): [type: string, value: Buffer] {
  const our = 'event_store.client.'
  if (error instanceof WrongExpectedVersion)
    return [`${our}WrongExpectedVersion`, encode(wire.WrongExpectedVersion, versionsOf(error))]
  if (error instanceof StreamDeleted) return [`${our}StreamDeleted`, encode(wire.StreamDeleted, { stream })]
  if (error instanceof MaxAppendSizeExceeded) {
    const limit = encode(wire.MaximumAppendSizeExceeded, { maxAppendSize: MAX_APPEND_SIZE })
    return [`${our}MaximumAppendSizeExceeded`, limit]
  }
  if (error instanceof Refusal && error.code === Code.permissionDenied) return [`${our}AccessDenied`, NOTHING]
  if (error instanceof Refusal && error.code === Code.invalidArgument)
    return [`${our}BadRequest`, encode(wire.BadRequest, { message: error.message })]
  // Of `Unknown` the Node client does not show the message.
  return ['google.rpc.ErrorInfo', NOTHING]
}
