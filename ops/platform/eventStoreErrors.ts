import { ErrorType } from '@eventstore/db-client'

/** Somebody else appended first. */
export class RevisionConflict extends Error {
  override readonly name = 'RevisionConflict'
}

/** The stream was tombstoned. */
export class StreamGone extends Error {
  override readonly name = 'StreamGone'
}

/** A server did not answer in time; the operation may or may not have happened. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

export const errorType = (error: unknown) => (error as { type?: string } | undefined)?.type

/** What a failure of the client means to the product; what it does not know is given as it is. */
export function translated(error: unknown, stream: string): Error {
  switch (errorType(error)) {
    case ErrorType.WRONG_EXPECTED_VERSION:
      return new RevisionConflict(`${stream} has moved on`)
    case ErrorType.STREAM_DELETED:
      return new StreamGone(`${stream} was deleted for good`)
    case ErrorType.TIMEOUT:
    case ErrorType.UNAVAILABLE:
    case ErrorType.DEADLINE_EXCEEDED:
    case ErrorType.CANCELLED:
      return new Unavailable(`The event store did not answer (${stream})`, { cause: error })
  }
  // At first contact the client throws raw gRPC errors: CANCELLED, DEADLINE_EXCEEDED and UNAVAILABLE.
  const code = (error as { code?: unknown } | undefined)?.code
  const { message = '' } = (error ?? {}) as { message?: string }
  if (code === 1 || code === 4 || code === 14 || (code === 13 && message.includes('RST_STREAM')))
    return new Unavailable(`The event store is away (${stream})`, { cause: error })
  return error instanceof Error ? error : new Error(String(error))
}
