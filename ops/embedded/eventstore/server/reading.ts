import { allBackwards, AllCursor, streamBackwards, StreamCursor, visible } from '../streams/cursors.ts'
import type { Cursor, Stores } from '../streams/cursors.ts'
import { resolve } from '../streams/links.ts'
import { BREATH, follow } from '../subscriptions/following.ts'
import { filterOf } from '../streams/filter.ts'
import type { Filter } from '../streams/filter.ts'
import { streamNameOf } from '../streams/names.ts'
import { ALL } from './access.ts'
import type { Access } from './access.ts'
import { invalid } from '../refusal.ts'
import type { StoredEvent } from '../log/storedEvent.ts'
import { frame } from '../wire/call.ts'
import type { Call } from '../wire/call.ts'
import { EventFrames } from '../wire/eventFrames.ts'
import { ReadReq, ReadResp } from '../wire/messages.ts'
import type { MessageOf } from '../wire/protobuf.ts'

type Options = NonNullable<MessageOf<typeof ReadReq>['options']>

/** Streams/Read: reads end, subscriptions go on until either side has had enough. */
export async function read(call: Call, stores: Stores, access: Access, followers: Set<Call>): Promise<void> {
  const { options } = await call.message(ReadReq)
  if (!options) throw invalid('A read has options')
  access.check(call.caller, options.stream ? nameOf(options) : ALL, 'read')
  const frames = new EventFrames(options.uuidOption?.structured ?? false)
  const filter = options.filter ? filterOf(options.filter) : undefined
  const add = (event: StoredEvent) => {
    if (!options.resolveLinks) return frames.add(event)
    const { event: target, link } = resolve(stores, event, (linked) => access.may(call.caller, linked, 'read'))
    frames.add(target, link)
  }
  if (options.subscription) {
    const cursor = cursorOf(options, stores, 'after')
    followers.add(call)
    try {
      await follow(call, cursor, frames, filter, add)
    } finally {
      followers.delete(call)
    }
    return
  }
  const events = options.readDirection === 1 ? backwards(options, stores) : forwards(options, stores)
  if (events) await sendAll(call, limited(events, options.count ?? Infinity, filter), frames, add)
  else await call.send(frame(ReadResp, { streamNotFound: { stream: options.stream?.stream } }))
}

const nameOf = (options: Options): string => streamNameOf(options.stream?.stream)

/** Reads begin at the given place, subscriptions behind it. */
function cursorOf(options: Options, stores: Stores, given: 'at' | 'after'): Cursor {
  const shift = given === 'after' ? 1 : 0
  const { stream, all } = options
  if (all) {
    const from = all.end ? stores.log.flushed : all.position ? (all.position.commit ?? 0) + shift : 0
    return new AllCursor(stores, from)
  }
  if (!stream) throw invalid('A read is of a stream or of $all')
  const name = nameOf(options)
  const seen = visible(stores, name)
  const from = stream.end ? (seen?.last ?? -1) + 1 : stream.revision !== undefined ? stream.revision + shift : 0
  return new StreamCursor(stores, name, from)
}

/** undefined: the stream is not found. */
function forwards(options: Options, stores: Stores): Iterable<StoredEvent> | undefined {
  if (options.stream && !visible(stores, nameOf(options))) return undefined
  return cursorOf(options, stores, 'at').upToNow()
}

function backwards(options: Options, stores: Stores): Iterable<StoredEvent> | undefined {
  const { stream, all } = options
  if (all) return allBackwards(stores, all.start ? 0 : (all.position?.commit ?? Infinity))
  const seen = visible(stores, nameOf(options))
  return seen && streamBackwards(stores, seen, stream?.start ? 0 : (stream?.revision ?? Infinity))
}

/** undefined stands for an event that was looked at and is not wanted. */
function* limited(
  events: Iterable<StoredEvent>,
  count: number,
  filter: Filter | undefined,
): Generator<StoredEvent | undefined> {
  let left = count
  if (left <= 0) return
  for (const event of events) {
    if (filter && !filter.accepts(event)) yield undefined
    else {
      yield event
      if (--left <= 0) return
    }
  }
}

async function sendAll(
  call: Call,
  events: Iterable<StoredEvent | undefined>,
  frames: EventFrames,
  add: (event: StoredEvent) => void,
): Promise<void> {
  let looked = 0
  for (const event of events) {
    if (event) add(event)
    if (frames.full) await call.send(frames.take())
    if (++looked % BREATH === 0) await new Promise(setImmediate)
    if (call.closed) return
  }
  if (!frames.empty) await call.send(frames.take())
}
