import { BACKWARDS, END, type EventStoreDBClient, WrongExpectedVersionError } from '@eventstore/db-client'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import { Unavailable } from './eventStoreErrors.ts'
import { gathered, letGo } from './eventStoreStreams.ts'
import { allRequest, streamIdentifier } from './readRequests.ts'

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
const { AppendReq } = streams

/**
 * Everything in the log from this position on, the event at it and the server's own included, or all of it; oldest first, in arrays of what has
 * arrived. The client has no word for bytes, only what its words are made of.
 * @param type only events whose type begins so
 */
export async function* readRaw(
  client: EventStoreDBClient,
  from: bigint | undefined,
  options: { type?: string; max?: number } = {},
): AsyncGenerator<RawEvent[]> {
  const request = allRequest(from, options)
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
