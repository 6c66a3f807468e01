import { invalid } from '../refusal.ts'
import type { Access } from '../server/access.ts'
import { idOf } from '../server/writing.ts'
import { frame } from '../wire/call.ts'
import type { Call } from '../wire/call.ts'
import * as wire from '../wire/persistentMessages.ts'
import type { MessageOf } from '../wire/protobuf.ts'
import type { Consumer } from './consumer.ts'
import type { Answer, Group } from './group.ts'
import type { Groups } from './groups.ts'
import { infoOf } from './info.ts'
import { ALL } from './names.ts'
import { dropped } from './refusals.ts'
import { settingsOf } from './settings.ts'

const MAX_BUFFER_SIZE = 2 ** 31 - 1
/** By number; what the client does not know is for the server to decide. */
const NACKS: readonly (Answer | 'stop')[] = ['retry', 'park', 'retry', 'skip', 'stop']

const SERVICE = '/event_store.client.persistent_subscriptions.PersistentSubscriptions'
const EITHER = ['stream', 'all']

/** The routes of the service, and what they support. */
export const persistentRoutes = (groups: Groups, access: Access) => ({
  [`${SERVICE}/Create`]: { run: (call: Call) => create(call, groups), operator: true, features: EITHER } as const,
  [`${SERVICE}/Update`]: { run: (call: Call) => update(call, groups), operator: true, features: EITHER } as const,
  [`${SERVICE}/Delete`]: { run: (call: Call) => remove(call, groups), operator: true, features: EITHER } as const,
  [`${SERVICE}/Read`]: { run: (call: Call) => read(call, groups, access), features: EITHER },
  [`${SERVICE}/GetInfo`]: { run: (call: Call) => info(call, groups), operator: true, features: EITHER } as const,
  [`${SERVICE}/List`]: { run: (call: Call) => list(call, groups), operator: true, features: EITHER } as const,
  [`${SERVICE}/ReplayParked`]: {
    run: (call: Call) => replayParked(call, groups),
    operator: true,
    features: EITHER,
  } as const,
  [`${SERVICE}/RestartSubsystem`]: { run: (call: Call) => restart(call, groups), operator: true } as const,
})

interface Named {
  streamIdentifier?: { streamName?: Buffer | undefined } | undefined
  all?: unknown
  groupName?: string | undefined
}

function targetOf<O extends Named>(options: O | undefined): { options: O; stream: string; group: string } {
  if (!options) throw invalid('The request has no options')
  const stream = options.all ? ALL : options.streamIdentifier?.streamName?.toString('utf8')
  if (!stream) throw invalid('A persistent subscription is to a stream or to $all')
  return { options, stream, group: options.groupName ?? '' }
}

/** Create and Update also have an older and a newer way to say the stream. */
function settled({ options }: MessageOf<typeof wire.CreateReq>) {
  const { stream, group } = targetOf(
    options && { ...options, streamIdentifier: options.stream?.stream ?? options.streamIdentifier },
  )
  if (stream === ALL && !options!.all) throw invalid('$all is not subscribed to as a stream of that name')
  return { stream, group, settings: settingsOf(options!), filter: options!.all?.filter }
}

async function create(call: Call, groups: Groups): Promise<void> {
  const { stream, group, settings, filter } = settled(await call.message(wire.CreateReq))
  await groups.create(stream, group, settings, filter, call.caller.name)
  await call.send(frame(wire.Nothing, {}))
}

async function update(call: Call, groups: Groups): Promise<void> {
  const { stream, group, settings } = settled(await call.message(wire.CreateReq))
  await groups.update(stream, group, settings, call.caller.name)
  await call.send(frame(wire.Nothing, {}))
}

async function remove(call: Call, groups: Groups): Promise<void> {
  const { stream, group } = targetOf((await call.message(wire.DeleteReq)).options)
  await groups.remove(stream, group, call.caller.name)
  await call.send(frame(wire.Nothing, {}))
}

async function info(call: Call, groups: Groups): Promise<void> {
  const { stream, group } = targetOf((await call.message(wire.GetInfoReq)).options)
  await call.send(frame(wire.GetInfoResp, { subscriptionInfo: infoOf(await groups.get(stream, group)) }))
}

async function list(call: Call, groups: Groups): Promise<void> {
  const { options } = await call.message(wire.ListReq)
  const of = options?.listForStream
  const stream = of && targetOf({ streamIdentifier: of.stream, all: of.all }).stream
  await call.send(frame(wire.ListResp, { subscriptions: (await groups.list(stream)).map(infoOf) }))
}

async function replayParked(call: Call, groups: Groups): Promise<void> {
  const { options, stream, group } = targetOf((await call.message(wire.ReplayParkedReq)).options)
  const found = await groups.get(stream, group)
  if (options.stopAt !== undefined && options.stopAt > 2 ** 63) throw invalid('A place to stop at is not negative')
  found.replayParked(options.noLimit ? Infinity : (options.stopAt ?? Infinity))
  await call.send(frame(wire.Nothing, {}))
}

async function restart(call: Call, groups: Groups): Promise<void> {
  await call.message(wire.Nothing)
  await groups.restart()
  await call.send(frame(wire.Nothing, {}))
}

/** Read: messages one way, answers the other, until either side has had enough. */
async function read(call: Call, groups: Groups, access: Access): Promise<void> {
  const requests = call.messages(wire.ReadReq)
  const first = await requests.next()
  const { options, stream, group: name } = targetOf(first.done ? undefined : first.value.options)
  const { bufferSize = 0 } = options
  if (bufferSize < 1 || bufferSize > MAX_BUFFER_SIZE) throw invalid('A consumer has room for at least one message')
  access.check(call.caller, stream, 'read')
  const group = await groups.get(stream, name)
  if (call.closed) return
  const mayRead = (linked: string) => access.may(call.caller, linked, 'read')
  const consumer = group.join(call, bufferSize, options.uuidOption?.structured ?? false, mayRead)
  try {
    await Promise.race([consumer.deliver(), listen(requests, group, consumer)])
  } finally {
    group.leave(consumer)
  }
}

/** Until the client has no more to say, which is when it can acknowledge nothing. Throws what "stop" ends the call with. */
async function listen(
  requests: AsyncIterable<MessageOf<typeof wire.ReadReq>>,
  group: Group,
  consumer: Consumer,
): Promise<void> {
  for await (const { ack, nack } of requests) {
    for (const id of ack?.ids ?? []) group.answer(consumer, idOf(id), 'ack', '')
    if (!nack) continue
    const answer = NACKS[nack.action ?? 0]
    if (!answer) throw invalid(`There is no answer ${nack.action}`)
    if (answer === 'stop') throw dropped(group.entry.stream, group.entry.group)
    for (const id of nack.ids ?? []) group.answer(consumer, idOf(id), answer, nack.reason || 'Parked by the consumer')
  }
}
