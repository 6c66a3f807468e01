import { splitStream } from './decider.ts'
import { category as userKey } from './userKey.ts'

/** Refusals are kept for a while; the key of a person goes when the person is erased. */
const leaving: ReadonlySet<string> = new Set(['refusal', userKey])

/**
 * Whether an event of this stream and type stays in the log for ever, as long as nobody tampers with it: what the audit shows and the audit
 * chain holds together. The event store's own (`$…`) come and go as it likes.
 */
export const isLasting = (stream: string, type: string): boolean =>
  !type.startsWith('$') && !stream.startsWith('$') && !leaving.has(splitStream(stream)[0])
