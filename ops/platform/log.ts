import { type DestinationStream, type Logger, pino } from 'pino'
import { build as pretty } from 'pino-pretty'

export type Log = Logger

const secrets = [
  'password',
  'current_password',
  'new_password',
  'token',
  'secret',
  'authorization',
  'cookie',
  'api_key',
  'access_token',
  'refresh_token',
  'x-api-key',
]

/** What lets its bearer in, wherever in a line it stands: access and refresh tokens, API keys, the password in an address. */
const bearers: readonly [RegExp, string][] = [
  [/\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g, '[redacted]'],
  [/\bxyl_[0-9a-f]{32}_[\w-]+/g, '[redacted]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"?#]*):[^\s@/"]+@/gi, '$1:[redacted]@'],
]

const withoutBearers = (line: string) => bearers.reduce((text, [found, instead]) => text.replace(found, instead), line)

/**
 * An error without what Postgres tells of the rows it was about, and without the body that could not be parsed. A text for one stays a text.
 */
function serialized(error: unknown) {
  if (!(error instanceof Error)) return plain(error)
  const {
    where: _,
    detail: __,
    hint: ___,
    body: ____,
    ...told
  } = pino.stdSerializers.err(error) as unknown as Record<string, unknown>
  return plain(told)
}

const deepest = 5

/** What is attached to an error may be anything, also what cannot be looked through: then its kind alone is told. */
function plain(value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Error) return `${value.name}: ${value.message}`
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name: string } } | null
  const isPlain = Array.isArray(value) || prototype === null || prototype === Object.prototype
  if (!isPlain || depth === deepest) return `[${prototype?.constructor?.name ?? 'Object'}]`
  if (Array.isArray(value)) return value.map((one) => plain(one, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one, depth + 1)]))
}

/** On standard error, so that standard output stays for what a person asked for: JSON lines, or readable ones in a terminal. */
export const createLog = (level: string, destination: DestinationStream = standardError()): Log =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: secrets.flatMap((name) =>
          ['', '*.', '*.*.', '*.*.*.'].map((above) => `${above.slice(0, -1)}["${name}"]`),
        ),
        censor: '[redacted]',
      },
      serializers: { error: serialized },
      hooks: { streamWrite: withoutBearers },
    },
    destination,
  )

const standardError = () =>
  process.stderr.isTTY
    ? pretty({ destination: 2, sync: true, translateTime: 'HH:MM:ss', errorLikeObjectKeys: ['error'] })
    : pino.destination({ dest: 2, sync: true })
