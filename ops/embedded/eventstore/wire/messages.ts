/**
 * The messages of EventStoreDB's gRPC protocol that are served, as tables of field numbers
 * (event_store.client.* and google.rpc.Status; the numbers are those in the client's `generated/*_pb.js`).
 */
export const StreamIdentifier = { streamName: [3, 'bytes'] } as const
const UuidBits = { most: [1, 'int64'], least: [2, 'int64'] } as const
export const Uuid = { structured: [1, UuidBits], string: [2, 'string'] } as const
export const Position = { commit: [1, 'uint64'], prepare: [2, 'uint64'] } as const
const MapEntry = { key: [1, 'string'], value: [2, 'string'] } as const

const Expectation = {
  stream: [1, StreamIdentifier],
  revision: [2, 'uint64'],
  noStream: [3, 'empty'],
  any: [4, 'empty'],
  streamExists: [5, 'empty'],
} as const

export const ProposedMessage = {
  id: [1, Uuid],
  metadata: [2, MapEntry, 'repeated'],
  customMetadata: [3, 'bytes'],
  data: [4, 'bytes'],
} as const

const Expression = { regex: [1, 'string'], prefix: [2, 'string', 'repeated'] } as const
export const FilterOptions = {
  streamName: [1, Expression],
  eventType: [2, Expression],
  max: [3, 'uint64'],
  count: [4, 'empty'],
  checkpointIntervalMultiplier: [5, 'uint64'],
} as const

export const StreamOptions = {
  stream: [1, StreamIdentifier],
  revision: [2, 'uint64'],
  start: [3, 'empty'],
  end: [4, 'empty'],
} as const
const AllOptions = { position: [1, Position], start: [2, 'empty'], end: [3, 'empty'] } as const

export const ReadReq = {
  options: [
    1,
    {
      stream: [1, StreamOptions],
      all: [2, AllOptions],
      readDirection: [3, 'uint64'],
      resolveLinks: [4, 'bool'],
      count: [5, 'uint64'],
      subscription: [6, 'empty'],
      filter: [7, FilterOptions],
      noFilter: [8, 'empty'],
      uuidOption: [9, { structured: [1, 'empty'], string: [2, 'empty'] }],
    },
  ],
} as const

/** Everything a ReadResp can be except an event: those are written by `eventFrames.ts`. */
export const ReadResp = {
  confirmation: [2, { subscriptionId: [1, 'string'] }],
  checkpoint: [3, Position],
  streamNotFound: [4, { stream: [1, StreamIdentifier] }],
  caughtUp: [8, 'empty'],
  fellBehind: [9, 'empty'],
} as const

export const AppendReq = { options: [1, Expectation], proposedMessage: [2, ProposedMessage] } as const
export const AppendResp = {
  success: [
    1,
    { currentRevision: [1, 'uint64'], noStream: [2, 'empty'], position: [3, Position], noPosition: [4, 'empty'] },
  ],
  wrongExpectedVersion: [
    2,
    {
      currentRevision: [6, 'uint64'],
      currentNoStream: [7, 'empty'],
      expectedRevision: [8, 'uint64'],
      expectedAny: [9, 'empty'],
      expectedStreamExists: [10, 'empty'],
      expectedNoStream: [11, 'empty'],
    },
  ],
} as const

export const BatchAppendReq = {
  correlationId: [1, 'bytes'],
  options: [
    2,
    {
      stream: [1, StreamIdentifier],
      revision: [2, 'uint64'],
      noStream: [3, 'empty'],
      any: [4, 'empty'],
      streamExists: [5, 'empty'],
    },
  ],
  proposedMessages: [3, ProposedMessage, 'repeated'],
  isFinal: [4, 'bool'],
} as const

const Status = {
  code: [1, 'uint64'],
  message: [2, 'string'],
  details: [3, { typeUrl: [1, 'string'], value: [2, 'bytes'] }],
} as const
export const BatchAppendResp = {
  correlationId: [1, 'bytes'],
  error: [2, Status],
  success: [
    3,
    { currentRevision: [1, 'uint64'], noStream: [2, 'empty'], position: [3, Position], noPosition: [4, 'empty'] },
  ],
  stream: [4, StreamIdentifier],
  revision: [5, 'uint64'],
  noStream: [6, 'empty'],
  any: [7, 'empty'],
  streamExists: [8, 'empty'],
} as const

/** Delete and Tombstone have the same request and the same answer. */
export const DeleteReq = { options: [1, Expectation] } as const
export const DeleteResp = { position: [1, Position], noPosition: [2, 'empty'] } as const

// Details of a google.rpc.Status in BatchAppend.
export const WrongExpectedVersion = {
  currentRevision: [1, 'uint64'],
  currentNoStream: [2, 'empty'],
  expectedRevision: [3, 'uint64'],
  expectedAny: [4, 'empty'],
  expectedStreamExists: [5, 'empty'],
  expectedNoStream: [6, 'empty'],
} as const
export const StreamDeleted = { stream: [1, StreamIdentifier] } as const
export const MaximumAppendSizeExceeded = { maxAppendSize: [1, 'uint64'] } as const
export const BadRequest = { message: [1, 'string'] } as const

export const SupportedMethods = {
  methods: [
    1,
    { methodName: [1, 'string'], serviceName: [2, 'string'], features: [3, 'string', 'repeated'] },
    'repeated',
  ],
  serverVersion: [2, 'string'],
} as const

export const ClusterInfo = {
  members: [
    1,
    {
      instanceId: [1, Uuid],
      timeStamp: [2, 'int64'],
      state: [3, 'uint64'],
      isAlive: [4, 'bool'],
      httpEndPoint: [5, { address: [1, 'string'], port: [2, 'uint64'] }],
    },
    'repeated',
  ],
} as const

export const StopScavengeReq = { options: [1, { scavengeId: [1, 'string'] }] } as const
export const ScavengeResp = { scavengeId: [1, 'string'], scavengeResult: [2, 'uint64'] } as const
