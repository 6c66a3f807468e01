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
      serializers: { error: pino.stdSerializers.err },
    },
    process.stderr.isTTY
      ? pretty({ destination: 2, sync: true, translateTime: 'HH:MM:ss', errorLikeObjectKeys: ['error'] })
      : pino.destination({ dest: 2, sync: true }),
  )
