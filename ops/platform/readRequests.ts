import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'

const { ReadReq } = streams
type Options = InstanceType<typeof ReadReq.Options>

/**
 * The message that asks for the events of all streams from this position on, the event at it included, or of the whole log; oldest first.
 * @param type only events whose type begins so
 */
export function allRequest(
  from: bigint | undefined,
  { type, max = Number.MAX_SAFE_INTEGER }: { type?: string | undefined; max?: number } = {},
) {
  const all = new ReadReq.Options.AllOptions()
  if (from === undefined) all.setStart(new shared.Empty())
  else {
    const position = new ReadReq.Options.Position()
    position.setCommitPosition(String(from))
    position.setPreparePosition(String(from))
    all.setPosition(position)
  }
  const options = new ReadReq.Options()
  options.setAll(all)
  if (type === undefined) options.setNoFilter(new shared.Empty())
  else options.setFilter(ofType(type))
  return forwards(options, max)
}

/** The message that asks for all events of one stream, oldest first. */
export function streamRequest(name: string) {
  const stream = new ReadReq.Options.StreamOptions()
  stream.setStreamIdentifier(streamIdentifier(name))
  stream.setStart(new shared.Empty())
  const options = new ReadReq.Options()
  options.setStream(stream)
  options.setNoFilter(new shared.Empty())
  return forwards(options, Number.MAX_SAFE_INTEGER)
}

function forwards(options: Options, max: number) {
  options.setReadDirection(ReadReq.Options.ReadDirection.FORWARDS)
  options.setResolveLinks(false)
  options.setCount(String(max))
  const ids = new ReadReq.Options.UUIDOption()
  ids.setString(new shared.Empty())
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

export function streamIdentifier(stream: string) {
  const name = new shared.StreamIdentifier()
  name.setStreamName(Buffer.from(stream, 'utf8').toString('base64'))
  return name
}
