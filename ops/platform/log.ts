import { type Logger, pino } from 'pino'
import { build as pretty } from 'pino-pretty'

export type Log = Logger

const secrets = [
  'password',
  'token',
  'secret',
  'authorization',
  'cookie',
  'api_key',
  'access_token',
  'refresh_token',
  'x-api-key',
]

/** An error without what Postgres tells of the rows it was about. */
function serialized(error: Error) {
  const {
    where: _,
    detail: __,
    hint: ___,
    ...told
  } = pino.stdSerializers.err(error) as unknown as Record<string, unknown>
  return told
}

/** On standard error, so that standard output stays for what a person asked for: JSON lines, or readable ones in a terminal. */
export const createLog = (level: string): Log =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: secrets.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]),
        censor: '[redacted]',
      },
      serializers: { error: serialized },
    },
    process.stderr.isTTY
      ? pretty({ destination: 2, sync: true, translateTime: 'HH:MM:ss', errorLikeObjectKeys: ['error'] })
      : pino.destination({ dest: 2, sync: true }),
  )
