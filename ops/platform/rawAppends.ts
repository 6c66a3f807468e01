import type { EventStoreDBClient } from '@eventstore/db-client'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js'
import { v4 as uuid } from 'uuid'
import { Unavailable } from './eventStoreErrors.ts'
import { letGo } from './eventStoreStreams.ts'
import { filled, type NewRawEvent } from './rawEvents.ts'
import { streamIdentifier } from './readRequests.ts'

/** What is under way at once: the server is never waited for, and neither side holds much. */
const mostAppends = 512
const mostBytes = 16 * 1024 * 1024
/** Of one message; an append may be several. */
const messageBytes = 1024 * 1024
const silenceMs = 30_000
/** The server tells by its own clock, which may be another than ours. */
const deadlineMs = 24 * 3600_000

const { BatchAppendReq } = streams

/**
 * Many appends on one call, stored in the order in which they are given: a server takes from a connection one after the other. Where one fails nothing
 * more is sent, but what was sent behind it may be stored.
 */
export interface RawAppends {
  /** At exactly this last revision of the stream, -1n: there is none. Resolves once more may be sent; throws what an earlier one failed of. */
  append(stream: string, events: readonly NewRawEvent[], last: bigint): Promise<void>
  /** Until all of them are stored; throws what one of them failed of. */
  settled(): Promise<void>
  close(): Promise<void>
}

export async function openRawAppends(client: EventStoreDBClient): Promise<RawAppends> {
  const call = await client['execute'](StreamsClient, 'appendToStream', (grpc) =>
    Promise.resolve(grpc.batchAppend(...client['callArguments']({}, { deadline: Infinity }))),
  )
  const underWay = new Map<string, { stream: string; bytes: number }>()
  let bytes = 0
  let failed: Error | undefined
  let heardAt = performance.now()
  let wake: () => void = () => undefined
  const fail = (error: Error) => {
    failed ??= error
    wake()
  }
  call.on('data', (answer) => {
    heardAt = performance.now()
    const id = answer.getCorrelationId()!.getString()
    const told = underWay.get(id)
    underWay.delete(id)
    bytes -= told?.bytes ?? 0
    const error = answer.getError()
    if (error) return fail(new Error(`${told?.stream} was not appended to: ${error.getMessage()}`))
    wake()
  })
  call.on('error', fail)
  call.on('drain', () => wake())
  call.on('end', () => fail(new Unavailable('The event store ended the connection')))

  async function until(isEnough: () => boolean): Promise<void> {
    heardAt = performance.now()
    while (!failed && !isEnough()) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        wake = resolve
        timer = setTimeout(resolve, silenceMs)
      }).finally(() => clearTimeout(timer))
      if (performance.now() - heardAt >= silenceMs) fail(new Unavailable('The event store did not answer in time'))
    }
    if (failed) throw failed
  }

  return {
    append: async (stream, events, last) => {
      await until(() => underWay.size < mostAppends && bytes < mostBytes)
      const id = uuid()
      const size = events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0)
      underWay.set(id, { stream, bytes: size })
      bytes += size
      for (const request of requests(id, stream, events, last)) {
        call.write(request)
        await until(() => !call.writableNeedDrain)
      }
    },
    settled: () => until(() => underWay.size === 0),
    close: () => letGo(call, () => Promise.resolve(call.cancel())),
  }
}

function* requests(id: string, stream: string, events: readonly NewRawEvent[], last: bigint) {
  const correlation = new shared.UUID()
  correlation.setString(id)
  const begun = () => {
    const request = new BatchAppendReq()
    request.setCorrelationId(correlation)
    return request
  }
  let request = begun()
  request.setOptions(optionsOf(stream, last))
  let size = 0
  for (const event of events) {
    const bytes = event.data.length + event.metadata.length
    if (size > 0 && size + bytes > messageBytes) {
      yield request
      request = begun()
      size = 0
    }
    request.addProposedMessages(filled(new BatchAppendReq.ProposedMessage(), event))
    size += bytes
  }
  request.setIsFinal(true)
  yield request
}

function optionsOf(stream: string, last: bigint) {
  const options = new BatchAppendReq.Options()
  options.setStreamIdentifier(streamIdentifier(stream))
  options.setDeadline(timestamps.Timestamp.fromDate(new Date(Date.now() + deadlineMs)))
  if (last < 0n) options.setNoStream(new shared.Empty())
  else options.setStreamPosition(String(last))
  return options
}
