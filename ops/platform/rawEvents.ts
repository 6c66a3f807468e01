import { BACKWARDS, END, type EventStoreDBClient, WrongExpectedVersionError } from '@eventstore/db-client'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import { Unavailable } from './eventStoreErrors.ts'
import { gathered, letGo } from './eventStoreStreams.ts'

/** An event as the bytes that are stored, whoever wrote it: the client's own reads parse them. */
export interface RawEvent {
  id: string
  stream: string
  type: string
  revision: bigint
  position: bigint
  isJson: boolean
  data: Buffer
  metadata: Buffer
}

const patience = { silenceMs: 5000, onSilence: () => new Unavailable('The event store did not answer in time') }
const { ReadReq, AppendReq } = streams

/**
 * Everything in the log from this position on, the event at it and the server's own included, or all of it; oldest first, in arrays of what has
 * arrived. The client has no word for bytes, only what its words are made of.
 * @param type only events whose type begins so
 */
export async function* readRaw(
  client: EventStoreDBClient,
  from: bigint | undefined,
  { type, max = Number.MAX_SAFE_INTEGER }: { type?: string; max?: number } = {},
): AsyncGenerator<RawEvent[]> {
  const request = readRequest(from, type, max)
  const call = await client['execute'](StreamsClient, 'readAll', (grpc) =>
    Promise.resolve(grpc.read(request, ...client['callArguments']({}, { deadline: Infinity }))),
  )
  const take = (answer: InstanceType<typeof streams.ReadResp>, into: RawEvent[]) => {
    const recorded = answer.getEvent()?.getEvent()
    if (recorded) into.push(rawOf(recorded))
  }
  try {
    yield* gathered(call, take, patience)
  } finally {
    await letGo(call, () => Promise.resolve(call.cancel()))
  }
}

/** The position of the last event there is, the server's own included. */
export async function endOfLog(client: EventStoreDBClient): Promise<bigint | undefined> {
  let last: bigint | undefined
  for await (const { event } of client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }))
    last = event?.position.commit
  return last
}

function readRequest(from: bigint | undefined, type: string | undefined, max: number) {
  const all = new ReadReq.Options.AllOptions()
  if (from === undefined) all.setStart(new shared.Empty())
  else {
    const position = new ReadReq.Options.Position()
    position.setCommitPosition(String(from))
    position.setPreparePosition(String(from))
    all.setPosition(position)
  }
  const ids = new ReadReq.Options.UUIDOption()
  ids.setString(new shared.Empty())
  const options = new ReadReq.Options()
  options.setAll(all)
  options.setReadDirection(ReadReq.Options.ReadDirection.FORWARDS)
  options.setResolveLinks(false)
  options.setCount(String(max))
  if (type === undefined) options.setNoFilter(new shared.Empty())
  else options.setFilter(ofType(type))
  options.setUuidOption(ids)
  const request = new ReadReq()
  request.setOptions(options)
  return request
}

function ofType(prefix: string) {
  const types = new ReadReq.Options.FilterOptions.Expression()
  types.setPrefixList([prefix])
  const filter = new ReadReq.Options.FilterOptions()
  filter.setEventType(types)
  filter.setCount(new shared.Empty())
  filter.setCheckpointintervalmultiplier(1)
  return filter
}

function rawOf(recorded: InstanceType<typeof streams.ReadResp.ReadEvent.RecordedEvent>): RawEvent {
  const about = recorded.getMetadataMap()
  return {
    id: recorded.getId()?.getString() ?? '',
    stream: Buffer.from(recorded.getStreamIdentifier()!.getStreamName_asU8()).toString('utf8'),
    type: about.get('type') ?? '',
    revision: BigInt(recorded.getStreamRevision()),
    position: BigInt(recorded.getCommitPosition()),
    isJson: about.get('content-type') === 'application/json',
    data: Buffer.from(recorded.getData_asU8()),
    metadata: Buffer.from(recorded.getCustomMetadata_asU8()),
  }
}

export type NewRawEvent = Pick<RawEvent, 'id' | 'type' | 'isJson' | 'data' | 'metadata'>

/**
 * Appends these very bytes behind `last`, the stream's last revision, -1n for a stream that is not there. Throws WrongExpectedVersionError, whose
 * `actualVersion` says where the stream ends.
 */
export function appendRaw(
  client: EventStoreDBClient,
  stream: string,
  events: readonly NewRawEvent[],
  last: bigint,
): Promise<void> {
  const options = new AppendReq.Options()
  options.setStreamIdentifier(streamIdentifier(stream))
  if (last < 0n) options.setNoStream(new shared.Empty())
  else options.setRevision(String(last))
  const header = new AppendReq()
  header.setOptions(options)
  return client['execute'](
    StreamsClient,
    'appendToStream',
    (grpc) =>
      new Promise<void>((resolve, reject) => {
        const sink = grpc.append(...client['callArguments']({}), (error, answer) => {
          if (error) return reject(error)
          const wrong = answer.getWrongExpectedVersion()
          if (!wrong) return resolve()
          const current = wrong.hasCurrentRevision() ? BigInt(wrong.getCurrentRevision()) : 'no_stream'
          const expected = last < 0n ? 'no_stream' : last
          reject(new WrongExpectedVersionError(null as never, { streamName: stream, current, expected }))
        })
        sink.on('error', reject)
        sink.write(header)
        for (const event of events) sink.write(proposed(event))
        sink.end()
      }),
  )
}

function proposed(event: NewRawEvent) {
  const request = new AppendReq()
  request.setProposedMessage(filled(new AppendReq.ProposedMessage(), event))
  return request
}

export function streamIdentifier(stream: string) {
  const name = new shared.StreamIdentifier()
  name.setStreamName(Buffer.from(stream, 'utf8').toString('base64'))
  return name
}

type Proposed =
  InstanceType<typeof AppendReq.ProposedMessage> | InstanceType<typeof streams.BatchAppendReq.ProposedMessage>

/** The message of either kind of append, with what is to be stored. */
export function filled<Message extends Proposed>(message: Message, { id, type, isJson, data, metadata }: NewRawEvent) {
  const uuid = new shared.UUID()
  uuid.setString(id)
  message.setId(uuid)
  message.getMetadataMap().set('type', type)
  message.getMetadataMap().set('content-type', isJson ? 'application/json' : 'application/octet-stream')
  message.setData(data)
  message.setCustomMetadata(metadata)
  return message
}
