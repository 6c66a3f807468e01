import { FilterOptions, Position, StreamIdentifier, StreamOptions, Uuid } from './messages.ts'

/**
 * The messages of event_store.client.persistent_subscriptions, as tables of field numbers (see `messages.ts`). An int32 below zero
 * comes as a number above 2^63. The events of ReadResp are written by `eventFrames.ts`.
 */
const AllOptions = {
  position: [1, Position],
  start: [2, 'empty'],
  end: [3, 'empty'],
  filter: [4, FilterOptions],
  noFilter: [5, 'empty'],
} as const

/** `revision` and `namedStrategy` are how clients before 21.10 and 22 say what `stream` and `strategy` say. */
export const Settings = {
  resolveLinks: [1, 'bool'],
  revision: [2, 'uint64'],
  extraStatistics: [3, 'bool'],
  messageTimeoutTicks: [4, 'uint64'],
  maxRetryCount: [5, 'uint64'],
  checkpointAfterTicks: [6, 'uint64'],
  minCheckpointCount: [7, 'uint64'],
  maxCheckpointCount: [8, 'uint64'],
  maxSubscriberCount: [9, 'uint64'],
  liveBufferSize: [10, 'uint64'],
  readBatchSize: [11, 'uint64'],
  historyBufferSize: [12, 'uint64'],
  namedStrategy: [13, 'uint64'],
  messageTimeoutMs: [14, 'uint64'],
  checkpointAfterMs: [15, 'uint64'],
  strategy: [16, 'string'],
} as const

/** Create and Update have the same request; an update has no filter. */
export const CreateReq = {
  options: [
    1,
    {
      streamIdentifier: [1, StreamIdentifier],
      groupName: [2, 'string'],
      settings: [3, Settings],
      stream: [4, StreamOptions],
      all: [5, AllOptions],
    },
  ],
} as const

export const DeleteReq = {
  options: [1, { streamIdentifier: [1, StreamIdentifier], groupName: [2, 'string'], all: [3, 'empty'] }],
} as const

export const GetInfoReq = {
  options: [1, { streamIdentifier: [1, StreamIdentifier], all: [2, 'empty'], groupName: [3, 'string'] }],
} as const

export const ReplayParkedReq = {
  options: [
    1,
    {
      groupName: [1, 'string'],
      streamIdentifier: [2, StreamIdentifier],
      all: [3, 'empty'],
      stopAt: [4, 'uint64'],
      noLimit: [5, 'empty'],
    },
  ],
} as const

export const ListReq = {
  options: [
    1,
    { listAllSubscriptions: [1, 'empty'], listForStream: [2, { stream: [1, StreamIdentifier], all: [2, 'empty'] }] },
  ],
} as const

export const ReadReq = {
  options: [
    1,
    {
      streamIdentifier: [1, StreamIdentifier],
      groupName: [2, 'string'],
      bufferSize: [3, 'uint64'],
      uuidOption: [4, { structured: [1, 'empty'], string: [2, 'empty'] }],
      all: [5, 'empty'],
    },
  ],
  ack: [2, { ids: [2, Uuid, 'repeated'] }],
  nack: [3, { ids: [2, Uuid, 'repeated'], action: [3, 'uint64'], reason: [4, 'string'] }],
} as const

/** The answer of Create, Update, Delete, ReplayParked and RestartSubsystem. */
export const Nothing = {} as const

const ConnectionInfo = {
  from: [1, 'string'],
  username: [2, 'string'],
  averageItemsPerSecond: [3, 'uint64'],
  totalItems: [4, 'uint64'],
  countSinceLastMeasurement: [5, 'uint64'],
  observedMeasurements: [6, { key: [1, 'string'], value: [2, 'uint64'] }, 'repeated'],
  availableSlots: [7, 'uint64'],
  inFlightMessages: [8, 'uint64'],
  connectionName: [9, 'string'],
} as const

export const SubscriptionInfo = {
  eventSource: [1, 'string'],
  groupName: [2, 'string'],
  status: [3, 'string'],
  connections: [4, ConnectionInfo, 'repeated'],
  averagePerSecond: [5, 'uint64'],
  totalItems: [6, 'uint64'],
  countSinceLastMeasurement: [7, 'uint64'],
  lastCheckpointedEventPosition: [8, 'string'],
  lastKnownEventPosition: [9, 'string'],
  resolveLinkTos: [10, 'bool'],
  startFrom: [11, 'string'],
  messageTimeoutMilliseconds: [12, 'uint64'],
  extraStatistics: [13, 'bool'],
  maxRetryCount: [14, 'uint64'],
  liveBufferSize: [15, 'uint64'],
  bufferSize: [16, 'uint64'],
  readBatchSize: [17, 'uint64'],
  checkPointAfterMilliseconds: [18, 'uint64'],
  minCheckPointCount: [19, 'uint64'],
  maxCheckPointCount: [20, 'uint64'],
  readBufferCount: [21, 'uint64'],
  liveBufferCount: [22, 'uint64'],
  retryBufferCount: [23, 'uint64'],
  totalInFlightMessages: [24, 'uint64'],
  outstandingMessagesCount: [25, 'uint64'],
  namedConsumerStrategy: [26, 'string'],
  maxSubscriberCount: [27, 'uint64'],
  parkedMessageCount: [28, 'uint64'],
} as const
export const GetInfoResp = { subscriptionInfo: [1, SubscriptionInfo] } as const
export const ListResp = { subscriptions: [1, SubscriptionInfo, 'repeated'] } as const
