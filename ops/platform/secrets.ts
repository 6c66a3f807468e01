import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const random = (bytes = 32) => randomBytes(bytes).toString('base64url')

/** What an installation on the embedded stack needs and nobody has to type. Names as in the environment where there is one. */
const generated = {
  POSTGRES_USER: () => 'xylolabs',
  POSTGRES_PASSWORD: random,
  POSTGRES_DB: () => 'xylolabs',
  JWT_SECRET: () => random(48),
  JWT_REFRESH_SECRET: () => random(48),
  MINIO_ROOT_USER: () => `root${random(9).replace(/[^A-Za-z0-9]/g, '')}`,
  MINIO_ROOT_PASSWORD: random,
  S3_ACCESS_KEY: () => `app${random(12).replace(/[^A-Za-z0-9]/g, '')}`,
  S3_SECRET_KEY: random,
  INITIAL_ADMIN_EMAIL: () => 'admin@xylolabs.local',
  INITIAL_ADMIN_PASSWORD: () => random(18),
  DATA_ENCRYPTION_KEY: () => random(48),
  EVENTSTORE_USER: () => 'xylolabs',
  EVENTSTORE_PASSWORD: random,
  NATS_TOKEN: random,
} satisfies Record<string, () => string>

export type Secrets = Record<keyof typeof generated, string>

/** What `DATA_DIR/secrets.json` has, if there is one. */
export const keptSecrets = (dataDir: string): Partial<Secrets> => readSecrets(join(dataDir, 'secrets.json'))

/**
 * Reads `DATA_DIR/secrets.json` (0600), and makes whatever is missing in it. Losing the file loses the sealed data.
 * @param known what is to be in it whatever it had
 */
export function loadSecrets(dataDir: string, known: Partial<Secrets> = {}): Secrets {
  const file = join(dataDir, 'secrets.json')
  const stored = { ...keptSecrets(dataDir), ...known }
  const missing = Object.entries(generated).filter(([name]) => stored[name as keyof Secrets] === undefined)
  if (missing.length === 0 && Object.keys(known).length === 0) return stored as Secrets
  const secrets = { ...stored, ...Object.fromEntries(missing.map(([name, make]) => [name, make()])) } as Secrets
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flush: true })
  renameSync(`${file}.new`, file)
  return secrets
}

const Stored = z.record(z.string(), z.string())

function readSecrets(file: string): Partial<Secrets> {
  try {
    return Stored.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new Error(`${file} cannot be read. Restore it from a backup: without it sealed data stays sealed.`)
  }
}
