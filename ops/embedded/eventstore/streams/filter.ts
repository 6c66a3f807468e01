import { setFlagsFromString } from 'node:v8'
import type { FilterOptions } from '../wire/messages.ts'
import type { MessageOf } from '../wire/protobuf.ts'
import { invalid } from '../refusal.ts'
import type { StoredEvent } from '../log/storedEvent.ts'

/** Events looked at between two checkpoints, times the client's multiplier. */
const DEFAULT_WINDOW = 32
const REMEMBERED_TYPES = 10_000
const MAX_EXPRESSION = 64 * 1024

export interface Filter {
  accepts(event: StoredEvent): boolean
  checkpointEvery: number
}

// A client's expression that backtracks for ever would hold up everybody: V8 goes over to its linear engine.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')

function compile(regex: string): RegExp {
  try {
    return new RegExp(regex)
  } catch (error) {
    throw invalid(`The filter is not a regular expression: ${(error as Error).message}`)
  }
}

export function filterOf(options: MessageOf<typeof FilterOptions>): Filter {
  const expression = options.streamName ?? options.eventType
  if (!expression) throw invalid('A filter is on stream names or on event types')
  const prefixes = expression.prefix ?? []
  const size = prefixes.reduce((sum, prefix) => sum + prefix.length, expression.regex?.length ?? 0)
  if (size > MAX_EXPRESSION) throw invalid(`A filter is at most ${MAX_EXPRESSION} characters long`)
  const regex = expression.regex ? compile(expression.regex) : undefined
  const matches = regex
    ? (text: string) => regex.test(text)
    : (text: string) => prefixes.some((prefix) => text.startsWith(prefix))
  return {
    accepts: options.streamName ? ({ stream }) => matches(stream) : remembering(matches),
    checkpointEvery: (options.max || DEFAULT_WINDOW) * (options.checkpointIntervalMultiplier || 1),
  }
}

/** There are few event types. */
function remembering(matches: (type: string) => boolean): Filter['accepts'] {
  const known = new Map<string, boolean>()
  return ({ type }) => {
    let answer = known.get(type)
    if (answer === undefined) {
      answer = matches(type)
      if (known.size < REMEMBERED_TYPES) known.set(type, answer)
    }
    return answer
  }
}
