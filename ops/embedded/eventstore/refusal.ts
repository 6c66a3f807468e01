/** What a call is told when it is refused: a gRPC status, a sentence, and the trailers the official clients look for. */
export const Code = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const

export class Refusal extends Error {
  readonly code: number
  readonly trailers: Readonly<Record<string, string>>

  constructor(code: number, sentence: string, trailers: Record<string, string> = {}) {
    super(sentence)
    this.code = code
    this.trailers = trailers
  }
}

export const MAX_APPEND_SIZE = 1024 * 1024

export type Expected = number | 'any' | 'no_stream' | 'stream_exists'

const EXPECTED_NUMBER = { any: -2, no_stream: -1, stream_exists: -4 } as const

export class WrongExpectedVersion extends Refusal {
  readonly expected: Expected
  /** The last revision of the stream; -1 where there is none. */
  readonly current: number

  constructor(stream: string, expected: Expected, current: number) {
    super(
      Code.failedPrecondition,
      `Append failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${current}`,
      {
        exception: 'wrong-expected-version',
        'stream-name': stream,
        'expected-version': String(typeof expected === 'number' ? expected : EXPECTED_NUMBER[expected]),
        // The client takes a missing actual version for "no stream".
        ...(current >= 0 ? { 'actual-version': String(current) } : {}),
      },
    )
    this.expected = expected
    this.current = current
  }
}

export class StreamDeleted extends Refusal {
  readonly stream: string

  constructor(stream: string) {
    super(Code.failedPrecondition, `Event stream '${stream}' is deleted.`, {
      exception: 'stream-deleted',
      'stream-name': stream,
    })
    this.stream = stream
  }
}

export class MaxAppendSizeExceeded extends Refusal {
  constructor() {
    super(Code.invalidArgument, `Maximum Append Size of ${MAX_APPEND_SIZE} Exceeded.`, {
      exception: 'maximum-append-size-exceeded',
      'maximum-append-size': String(MAX_APPEND_SIZE),
    })
  }
}

export const invalid = (sentence: string): Refusal => new Refusal(Code.invalidArgument, sentence)
