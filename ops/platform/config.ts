import { cpus } from 'node:os'
import { z } from 'zod'

/** Every variable of the product. The guide's names, meanings and defaults are kept; ours stand beside them. */
const text = z.string().min(1)
const whole = (min: number, max = Number.MAX_SAFE_INTEGER) => z.coerce.number().int().min(min).max(max)
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
)
/** Credentials go with every request: with `*`, any site could act in the name of whoever is logged in. */
const origins = list.refine(
  (all) => all.every(isOrigin),
  'must be origins like https://app.xylolabs.com, separated by commas: never *, since credentials go with the requests',
)

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text
}

const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1')
const secret = z.string().min(32, 'must have at least 32 characters')

const formats = z.string().transform((value, context) => {
  const wanted = value.split(',').map((part) => part.trim())
  const known = ['opus-webm', 'aac-mp4'] as const
  const unknown = wanted.find((format) => !known.includes(format as (typeof known)[number]))
  if (unknown !== undefined) context.addIssue({ code: 'custom', message: `must name opus-webm, aac-mp4 or both` })
  return [...new Set(wanted)] as (typeof known)[number][]
})

/** `96k`, `128000` → bits per second. */
const bitrate = z
  .string()
  .regex(/^\d+k?$/, 'must be like 96k or 96000')
  .transform((value) => (value.endsWith('k') ? Number(value.slice(0, -1)) * 1000 : Number(value)))
  .refine((bits) => bits >= 8000 && bits <= 512_000, 'must be between 8k and 512k')

const address = (example: string) =>
  z
    .string()
    .regex(/^.+:\d{1,5}$/, { error: `must be like ${example}`, abort: true })
    .refine((address) => Number(address.split(':').at(-1)) < 65_536, 'must have a port up to 65535')

const Environment = z.object({
  CORS_ALLOWED_ORIGINS: origins,
  DATABASE_URL: text,
  POSTGRES_USER: text,
  POSTGRES_PASSWORD: text,
  POSTGRES_DB: text,
  JWT_SECRET: secret,
  JWT_REFRESH_SECRET: secret,
  JWT_SECRET_PREVIOUS: secret.optional(),
  JWT_REFRESH_SECRET_PREVIOUS: secret.optional(),
  MINIO_ROOT_USER: text,
  MINIO_ROOT_PASSWORD: text,
  S3_ACCESS_KEY: text,
  S3_SECRET_KEY: text,
  INITIAL_ADMIN_EMAIL: z.email(),
  INITIAL_ADMIN_PASSWORD: z.string().min(12, 'must have at least 12 characters').max(128),
  DATA_ENCRYPTION_KEY: secret,
  DATA_ENCRYPTION_KEY_PREVIOUS: secret.optional(),
  EVENTSTORE_URL: text,
  NATS_URL: text,
  S3_ENDPOINT: z.url({ protocol: /^https?$/, message: 'must be like http://minio:9000' }),
  S3_BUCKET: text.default('xylolabs'),
  S3_REGION: text.default('us-east-1'),
  S3_PATH_STYLE: flag.default(true),
  BIND_ADDR: address('0.0.0.0:3000').default('0.0.0.0:3000'),
  DATABASE_MAX_CONNECTIONS: whole(2, 1000).default(20),
  JWT_ACCESS_TTL_SECS: whole(1).default(900),
  JWT_REFRESH_TTL_SECS: whole(1).default(604_800),
  TRANSCODE_CONCURRENCY: whole(1, 1024).default(() => cpus().length),
  TRANSCODE_DEFAULT_FORMAT: formats.optional(),
  TRANSCODE_DEFAULT_BITRATE: bitrate.optional(),
  TRANSCODE_STALE_TIMEOUT_SECS: whole(1).default(7200),
  GPU_HEALTH_CHECK_INTERVAL_SECS: whole(1).default(60),
  INFERENCE_WORKER_CONCURRENCY: whole(1, 1024).default(4),
  INFERENCE_URL: z.url({ protocol: /^https?$/, message: 'must be like http://triton:8000' }).optional(),
  UPLOAD_MAX_SIZE: whole(1).default(104_857_600),
  UPLOAD_EXPIRY_SECS: whole(1, 31_536_000).default(86_400),
  ORPHAN_GRACE_SECS: whole(1, 31_536_000).default(86_400),
  FIRMWARE_MAX_SIZE: whole(1).default(67_108_864),
  FIRMWARE_CACHE_SIZE: whole(0).default(1_073_741_824),
  STATIC_DIR: text.default('./frontend/dist'),
  STATIC_DIR_APP: text.default('./frontend-app/dist'),
  DATA_DIR: text.default('./data'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  ADMIN_HOSTS: list.default([]),
  APP_HOSTS: list.default([]),
  TRUST_PROXY: whole(0, 10).default(0),
  RATE_LIMIT_PER_MINUTE: whole(0, 10_000_000).default(12_000),
  METRICS_ADDR: address('127.0.0.1:9464').optional(),
  METRICS_TOKEN: text.optional(),
  PROJECTIONS_PROMOTE: z.enum(['auto', 'manual']).default('auto'),
  FFMPEG_PATH: text.optional(),
  FFPROBE_PATH: text.optional(),
  NATS_SERVER_PATH: text.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
})

export type Config = z.infer<typeof Environment> & {
  /** Nobody gave the first admin's password: it is kept in a file for the operator. */
  generatedAdmin: boolean
  /** Nobody chose the address: another port will do when this one is taken. */
  defaultBindAddress: boolean
}

/** What the log's personal fields are sealed under. */
export const masterKeysOf = (config: Pick<Config, 'DATA_ENCRYPTION_KEY' | 'DATA_ENCRYPTION_KEY_PREVIOUS'>) => ({
  secret: config.DATA_ENCRYPTION_KEY,
  previousSecret: config.DATA_ENCRYPTION_KEY_PREVIOUS,
})

/** What a proxy in front of the app has to be in step with. */
export const proxied = Environment.pick({
  ADMIN_HOSTS: true,
  APP_HOSTS: true,
  UPLOAD_MAX_SIZE: true,
  FIRMWARE_MAX_SIZE: true,
  TRUST_PROXY: true,
})

/** What a data folder is restored by; without it nothing is made there. */
export const restored = Environment.pick({ S3_BUCKET: true, S3_REGION: true, DATA_ENCRYPTION_KEY: true }).partial({
  DATA_ENCRYPTION_KEY: true,
})

/** All names this version understands, in the order of `.env.example`. */
export const variables = Object.keys(Environment.shape)

/** What each server's address is called; each one unset is provided by the embedded stack. */
export const addresses = ['EVENTSTORE_URL', 'DATABASE_URL', 'NATS_URL', 'S3_ENDPOINT'] as const

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const distinct = ['JWT_SECRET', 'JWT_REFRESH_SECRET', 'DATA_ENCRYPTION_KEY'] as const
const strong = [
  ...distinct,
  'JWT_SECRET_PREVIOUS',
  'JWT_REFRESH_SECRET_PREVIOUS',
  'DATA_ENCRYPTION_KEY_PREVIOUS',
] as const
const placeholder = /^(.)\1*$|change.?me|your.?secret|example|password123/i

/**
 * Reads the environment; an empty variable counts as unset. Names all faults at once and prints no value.
 * @param provided what the embedded stack and DATA_DIR/secrets.json give; the environment wins.
 */
export function readConfig(environment: NodeJS.ProcessEnv, provided: Readonly<Record<string, string>> = {}): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const values = { ...provided, ...given } as Record<string, string>
  const parsed = Environment.safeParse(values)
  const faults = parsed.success
    ? []
    : parsed.error.issues.map(({ path, message, code }) =>
        code === 'invalid_type' && values[String(path[0])] === undefined
          ? `${String(path[0])} is required`
          : `${String(path[0])} ${message}`,
      )
  for (const name of strong)
    if (placeholder.test(values[name] ?? '')) faults.push(`${name} is too weak: use 32 random characters`)
  const chosen = distinct.map((name) => values[name]).filter((value) => value !== undefined)
  if (new Set(chosen).size < chosen.length) faults.push(`${distinct.join(', ')} must differ from each other`)
  if (faults.length > 0 || !parsed.success)
    throw new ConfigError(`The environment is not complete:\n  ${faults.join('\n  ')}`)
  return {
    ...parsed.data,
    generatedAdmin: given['INITIAL_ADMIN_PASSWORD'] === undefined,
    defaultBindAddress: given['BIND_ADDR'] === undefined,
  }
}
