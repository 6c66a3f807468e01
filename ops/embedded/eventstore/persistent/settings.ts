import { invalid } from '../refusal.ts'
import type { CreateReq, Settings as WireSettings } from '../wire/persistentMessages.ts'
import type { FilterOptions } from '../wire/messages.ts'
import type { MessageOf } from '../wire/protobuf.ts'
import { ALL } from './names.ts'

/** By the number of the older enumeration, behind them the one that has only a name. */
const STRATEGIES = ['DispatchToSingle', 'RoundRobin', 'Pinned', 'PinnedByCorrelation'] as const
export type StrategyName = (typeof STRATEGIES)[number]
const OLD_STRATEGIES = 3

/** A revision, or of $all a position; the event there is the first one. */
export type Start = 'start' | 'end' | number

/** These names and shapes are stored in the configuration (see `configuration.ts`). */
export interface Settings {
  resolveLinks: boolean
  extraStatistics: boolean
  startFrom: Start
  /** 0: messages do not time out. */
  messageTimeoutMs: number
  maxRetryCount: number
  checkpointAfterMs: number
  minCheckpointCount: number
  maxCheckpointCount: number
  /** 0: no limit. */
  maxSubscriberCount: number
  liveBufferSize: number
  readBatchSize: number
  historyBufferSize: number
  strategy: StrategyName
}

const MAX_INT32 = 2 ** 31 - 1
const TICKS_PER_MS = 10_000

/** Absent is 0, negative is above 2^63. */
function whole(name: string, value = 0, least = 0): number {
  if (value >= least && value <= MAX_INT32) return value
  const given = value > MAX_INT32 ? 'negative or too large' : String(value)
  throw invalid(`${name} is ${given}: it is a whole number from ${least} to ${MAX_INT32}`)
}

function milliseconds(name: string, ms: number | undefined, ticks: number | undefined): number {
  if (ms !== undefined || ticks === undefined) return whole(name, ms)
  if (ticks > 2 ** 63) throw invalid(`${name} is negative`)
  const rounded = Math.ceil(ticks / TICKS_PER_MS)
  return rounded > MAX_INT32 ? 0 : rounded // a span that long is how "never" is said in ticks
}

function strategyOf({ strategy, namedStrategy = 0 }: MessageOf<typeof WireSettings>): StrategyName {
  const name = strategy
    ? STRATEGIES.find((known) => known === strategy)
    : STRATEGIES.slice(0, OLD_STRATEGIES)[namedStrategy]
  if (!name) throw invalid(`There is no consumer strategy "${strategy || namedStrategy}": ${STRATEGIES.join(', ')}`)
  return name
}

type Options = NonNullable<MessageOf<typeof CreateReq>['options']>

function startOf({ all, stream, settings }: Options): Start {
  const given = all ?? stream
  if (given?.start) return 'start'
  if (given?.end) return 'end'
  const place = all ? all.position?.commit : (stream?.revision ?? settings?.revision)
  if (place === undefined || place === 0) return 'start'
  if (place >= 2 ** 63) return 'end' // -1
  if (!Number.isSafeInteger(place)) throw invalid('There is no such place to start from')
  return place
}

/** What Create and Update are told. Throws what is wrong with it. */
export function settingsOf(options: Options): Settings {
  const wire = options.settings
  if (!wire) throw invalid('A persistent subscription has settings')
  const settings: Settings = {
    resolveLinks: wire.resolveLinks ?? false,
    extraStatistics: wire.extraStatistics ?? false,
    startFrom: startOf(options),
    messageTimeoutMs: milliseconds('The message timeout', wire.messageTimeoutMs, wire.messageTimeoutTicks),
    maxRetryCount: whole('The maximum of retries', wire.maxRetryCount),
    checkpointAfterMs: milliseconds('The time between checkpoints', wire.checkpointAfterMs, wire.checkpointAfterTicks),
    minCheckpointCount: whole('The minimum checkpoint count', wire.minCheckpointCount),
    maxCheckpointCount: whole('The maximum checkpoint count', wire.maxCheckpointCount),
    maxSubscriberCount: whole('The maximum of subscribers', wire.maxSubscriberCount),
    liveBufferSize: whole('The live buffer size', wire.liveBufferSize),
    readBatchSize: whole('The read batch size', wire.readBatchSize, 1),
    historyBufferSize: whole('The history buffer size', wire.historyBufferSize, 1),
    strategy: strategyOf(wire),
  }
  if (settings.readBatchSize > settings.historyBufferSize)
    throw invalid('The read batch size is larger than the history buffer it is read into')
  return settings
}

/** `0`, `-1` or a revision; of $all positions. */
export function startText(stream: string, start: Start): string {
  const place = start === 'start' ? 0 : start === 'end' ? -1 : start
  return placeText(stream, place)
}

export const placeText = (stream: string, place: number): string =>
  stream === ALL ? `C:${place}/P:${place}` : String(place)

/** A filter as it came, which is how it is stored. */
export type WireFilter = MessageOf<typeof FilterOptions>
