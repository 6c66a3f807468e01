import { expect } from 'chai'
import { existsSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { inspect } from 'node:util'
import { addresses, ConfigError, readConfig, variables } from '../../ops/platform/config.ts'

const required = {
  CORS_ALLOWED_ORIGINS: 'https://admin.api.xylolabs.com, https://app.xylolabs.com',
  DATABASE_URL: 'postgres://xylolabs:pg-word@db:5432/xylolabs',
  POSTGRES_USER: 'xylolabs',
  POSTGRES_PASSWORD: 'pg-word',
  POSTGRES_DB: 'xylolabs',
  JWT_SECRET: 'J4x8-access-7cQ2nVb9TzLw3Rk6Yd1Hs',
  JWT_REFRESH_SECRET: 'M2p5-refresh-8dW4mXc0UaKx5Tj7Ze2Gf',
  MINIO_ROOT_USER: 'minio-root',
  MINIO_ROOT_PASSWORD: 'minio-word',
  S3_ACCESS_KEY: 's3-access',
  S3_SECRET_KEY: 's3-word',
  INITIAL_ADMIN_EMAIL: 'ada@xylolabs.com',
  INITIAL_ADMIN_PASSWORD: 'twelve-or-more',
  DATA_ENCRYPTION_KEY: 'Q9s1-data-6eR3lYd8VbJz4Uh5Xf0Kg7a',
  EVENTSTORE_URL: 'esdb://eventstore:2113?tls=false',
  NATS_URL: 'nats://nats:4222',
  S3_ENDPOINT: 'http://minio:9000',
}

/** The lines of the message, one a fault; `[]` when the environment is good. */
function faultsOf(environment: NodeJS.ProcessEnv): string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError)
    const [first, ...faults] = (error as Error).message.split('\n  ')
    expect(first).to.equal('The environment is not complete:')
    return faults
  }
}
const faultyIn = (environment: NodeJS.ProcessEnv) => faultsOf(environment).map((fault) => fault.split(' ')[0])

describe('the configuration', () => {
  it('has the defaults of the guide, and ours where the guide names none', () => {
    expect(readConfig(required)).to.deep.equal({
      ...required,
      CORS_ALLOWED_ORIGINS: ['https://admin.api.xylolabs.com', 'https://app.xylolabs.com'],
      BIND_ADDR: '0.0.0.0:3000',
      DATABASE_MAX_CONNECTIONS: 20,
      JWT_ACCESS_TTL_SECS: 900,
      JWT_REFRESH_TTL_SECS: 604_800,
      S3_BUCKET: 'xylolabs',
      S3_REGION: 'us-east-1',
      S3_PATH_STYLE: true,
      TRANSCODE_CONCURRENCY: cpus().length,
      TRANSCODE_STALE_TIMEOUT_SECS: 7200,
      GPU_HEALTH_CHECK_INTERVAL_SECS: 60,
      INFERENCE_WORKER_CONCURRENCY: 4,
      UPLOAD_MAX_SIZE: 104_857_600,
      UPLOAD_EXPIRY_SECS: 86_400,
      ORPHAN_GRACE_SECS: 86_400,
      FIRMWARE_MAX_SIZE: 67_108_864,
      FIRMWARE_CACHE_SIZE: 1_073_741_824,
      STATIC_DIR: './frontend/dist',
      STATIC_DIR_APP: './frontend-app/dist',
      DATA_DIR: './data',
      LOG_LEVEL: 'info',
      ADMIN_HOSTS: [],
      APP_HOSTS: [],
      TRUST_PROXY: 0,
      RATE_LIMIT_PER_MINUTE: 12_000,
      PROJECTIONS_PROMOTE: 'auto',
      generatedAdmin: false,
      defaultBindAddress: true,
    })
  })

  it('reads every variable the guide and our design name', () =>
    expect(variables).to.have.members([
      ...Object.keys(required),
      ...['BIND_ADDR', 'DATABASE_MAX_CONNECTIONS', 'JWT_ACCESS_TTL_SECS', 'JWT_REFRESH_TTL_SECS'],
      ...['S3_BUCKET', 'S3_REGION', 'S3_PATH_STYLE'],
      ...['TRANSCODE_CONCURRENCY', 'TRANSCODE_DEFAULT_FORMAT', 'TRANSCODE_DEFAULT_BITRATE'],
      ...['TRANSCODE_STALE_TIMEOUT_SECS', 'GPU_HEALTH_CHECK_INTERVAL_SECS', 'INFERENCE_WORKER_CONCURRENCY'],
      ...['UPLOAD_EXPIRY_SECS', 'ORPHAN_GRACE_SECS'],
      ...['UPLOAD_MAX_SIZE', 'STATIC_DIR', 'STATIC_DIR_APP'],
      ...['DATA_DIR', 'LOG_LEVEL', 'ADMIN_HOSTS', 'APP_HOSTS', 'TRUST_PROXY', 'METRICS_ADDR', 'METRICS_TOKEN'],
      'RATE_LIMIT_PER_MINUTE',
      'FIRMWARE_CACHE_SIZE',
      'INFERENCE_URL',
      ...['FIRMWARE_MAX_SIZE', 'PROJECTIONS_PROMOTE', 'JWT_SECRET_PREVIOUS', 'JWT_REFRESH_SECRET_PREVIOUS'],
      'DATA_ENCRYPTION_KEY_PREVIOUS',
      ...['FFMPEG_PATH', 'FFPROBE_PATH', 'NATS_SERVER_PATH', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    ]))

  it('reads what is given', () => {
    const given = {
      BIND_ADDR: '127.0.0.1:8080',
      DATABASE_MAX_CONNECTIONS: '7',
      S3_PATH_STYLE: 'false',
      TRANSCODE_CONCURRENCY: '3',
      TRANSCODE_DEFAULT_FORMAT: 'aac-mp4',
      TRANSCODE_DEFAULT_BITRATE: '128k',
      ADMIN_HOSTS: 'admin.example.org, ,admin.example.net',
      TRUST_PROXY: '1',
      PROJECTIONS_PROMOTE: 'manual',
      FFMPEG_PATH: '/opt/ffmpeg',
    }
    expect(readConfig({ ...required, ...given })).to.deep.include({
      BIND_ADDR: '127.0.0.1:8080',
      DATABASE_MAX_CONNECTIONS: 7,
      S3_PATH_STYLE: false,
      TRANSCODE_CONCURRENCY: 3,
      TRANSCODE_DEFAULT_FORMAT: ['aac-mp4'],
      TRANSCODE_DEFAULT_BITRATE: 128_000,
      ADMIN_HOSTS: ['admin.example.org', 'admin.example.net'],
      TRUST_PROXY: 1,
      PROJECTIONS_PROMOTE: 'manual',
      FFMPEG_PATH: '/opt/ffmpeg',
      defaultBindAddress: false,
    })
    expect(readConfig({ ...required, TRANSCODE_DEFAULT_BITRATE: '64000' })).to.include({
      TRANSCODE_DEFAULT_BITRATE: 64_000,
    })
  })

  it('leaves alone what it does not know', () =>
    expect(readConfig({ ...required, HOME: '/root' })).not.to.have.property('HOME'))

  describe('when something is wrong', () => {
    it('names everything that is missing at once', () =>
      expect(faultsOf({})).to.deep.equal(Object.keys(required).map((name) => `${name} is required`)))

    it('counts an empty variable as unset', () => {
      const empty = Object.fromEntries(Object.keys(required).map((name) => [name, '']))
      expect(faultsOf(empty)).to.deep.equal(faultsOf({}))
      const optional = variables.filter((name) => !(name in required)).map((name) => [name, ''])
      expect(readConfig({ ...required, ...Object.fromEntries(optional) })).to.deep.equal(readConfig(required))
    })

    // Recognisable: whatever of it turns up in the message was printed.
    const wrong: Record<string, string> = {
      JWT_SECRET: 'LEAK-short',
      JWT_REFRESH_SECRET: 'LEAK-change-me-LEAK-LEAK-LEAK-LEAK-LEAK',
      JWT_SECRET_PREVIOUS: 'LEAK-previous',
      JWT_REFRESH_SECRET_PREVIOUS: 'LEAK-previous',
      INITIAL_ADMIN_EMAIL: 'LEAK at example org',
      INITIAL_ADMIN_PASSWORD: 'LEAK-word',
      DATA_ENCRYPTION_KEY: 'LEAK-brief',
      S3_ENDPOINT: 'LEAK minio',
      S3_PATH_STYLE: 'LEAK',
      BIND_ADDR: 'LEAK',
      DATABASE_MAX_CONNECTIONS: 'LEAK',
      JWT_ACCESS_TTL_SECS: '0LEAK',
      JWT_REFRESH_TTL_SECS: '-98765',
      TRANSCODE_CONCURRENCY: '0.98765',
      TRANSCODE_DEFAULT_FORMAT: 'opus-webm,LEAK',
      TRANSCODE_DEFAULT_BITRATE: '98765k',
      TRANSCODE_STALE_TIMEOUT_SECS: 'LEAK',
      GPU_HEALTH_CHECK_INTERVAL_SECS: 'LEAK',
      INFERENCE_WORKER_CONCURRENCY: '98765',
      UPLOAD_MAX_SIZE: 'LEAK',
      UPLOAD_EXPIRY_SECS: 'LEAK',
      ORPHAN_GRACE_SECS: 'LEAK',
      FIRMWARE_MAX_SIZE: 'LEAK',
      FIRMWARE_CACHE_SIZE: 'LEAK',
      LOG_LEVEL: 'LEAK',
      TRUST_PROXY: '98765',
      RATE_LIMIT_PER_MINUTE: '-98765',
      PROJECTIONS_PROMOTE: 'LEAK',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'LEAK',
    }

    it('names everything at once, each on a line of its own', () =>
      expect(new Set(faultyIn({ ...required, ...wrong }))).to.deep.equal(new Set(Object.keys(wrong))))
    it('names what is missing beside what is wrong', () => {
      const { NATS_URL: _, ...rest } = required
      expect(faultyIn({ ...rest, UPLOAD_MAX_SIZE: 'many' })).to.deep.equal(['NATS_URL', 'UPLOAD_MAX_SIZE'])
    })
    for (const [name, value] of Object.entries(wrong))
      it(`names ${name} alone when it alone is wrong`, () =>
        expect([...new Set(faultyIn({ ...required, [name]: value }))]).to.deep.equal([name]))

    it('never prints a value, not of what is wrong and not of what is right', () => {
      const told = (environment: NodeJS.ProcessEnv) => {
        try {
          return void readConfig(environment)
        } catch (error) {
          return `${inspect(error, { depth: null })}${(error as Error).message}`
        }
      }
      const message = told({ ...required, ...wrong })
      expect(message)
        .to.include('UPLOAD_MAX_SIZE')
        .and.not.match(/LEAK|98765/)
      const untold = told({ ...required, NATS_URL: '' })
      for (const value of Object.values(required)) expect(untold).not.to.include(value)
      const { JWT_SECRET } = required
      expect(told({ ...required, DATA_ENCRYPTION_KEY: JWT_SECRET }))
        .to.include('must differ')
        .and.not.include(JWT_SECRET)
    })

    it('refuses to let every site call with credentials, and what is no origin', () => {
      for (const CORS_ALLOWED_ORIGINS of [
        '*',
        'https://app.xylolabs.com,*',
        'null',
        'app.xylolabs.com',
        'https://app.xylolabs.com/',
        'https://*.xylolabs.com/x',
        'file:///x',
      ])
        expect(faultsOf({ ...required, CORS_ALLOWED_ORIGINS }), CORS_ALLOWED_ORIGINS).to.deep.equal([
          'CORS_ALLOWED_ORIGINS must be origins like https://app.xylolabs.com, separated by commas: never *, since credentials go with the requests',
        ])
    })
    it('refuses a port that does not exist', () =>
      expect(faultyIn({ ...required, BIND_ADDR: '0.0.0.0:70000' })).to.deep.equal(['BIND_ADDR']))
    it('refuses an address for metrics that has no port', () => {
      for (const METRICS_ADDR of ['9464', '127.0.0.1', '127.0.0.1:70000'])
        expect(faultyIn({ ...required, METRICS_ADDR })).to.deep.equal(['METRICS_ADDR'])
      expect(faultyIn({ ...required, METRICS_ADDR: '[::1]:9464' })).to.deep.equal([])
    })
    it('refuses an address of S3 that is none of HTTP, such as minio:9000', () =>
      expect(faultyIn({ ...required, S3_ENDPOINT: 'minio:9000' })).to.deep.equal(['S3_ENDPOINT']))
    it('never takes a format twice', () =>
      expect(
        faultyIn({ ...required, TRANSCODE_DEFAULT_FORMAT: 'opus-webm,opus-webm' }).length ||
          readConfig({ ...required, TRANSCODE_DEFAULT_FORMAT: 'opus-webm,opus-webm' }).TRANSCODE_DEFAULT_FORMAT!.length,
      ).to.equal(1))
  })

  describe('refuses secrets', () => {
    const secrets = ['JWT_SECRET', 'JWT_REFRESH_SECRET', 'DATA_ENCRYPTION_KEY'] as const
    for (const one of secrets) {
      for (const other of secrets.filter((name) => name > one))
        it(`when ${one} and ${other} are equal`, () =>
          expect(faultsOf({ ...required, [one]: required[other] })).to.deep.equal([
            'JWT_SECRET, JWT_REFRESH_SECRET, DATA_ENCRYPTION_KEY must differ from each other',
          ]))
      it(`when ${one} is short`, () =>
        expect(faultsOf({ ...required, [one]: 'J4x8-access-7cQ2nVb9TzLw3Rk6Yd1' })).to.deep.equal([
          `${one} must have at least 32 characters`,
        ]))
      for (const weak of [
        'a'.repeat(48),
        'change-me-change-me-change-me-change-me',
        'YOUR_SECRET_of_32_characters_here',
      ])
        it(`when ${one} is like ${weak.slice(0, 12)}…`, () =>
          expect(faultsOf({ ...required, [one]: weak })).to.deep.equal([
            `${one} is too weak: use 32 random characters`,
          ]))
    }
    for (const previous of ['JWT_SECRET_PREVIOUS', 'JWT_REFRESH_SECRET_PREVIOUS', 'DATA_ENCRYPTION_KEY_PREVIOUS'])
      it(`when ${previous}, with which tokens are let in as well, is weak`, () =>
        expect(faultyIn({ ...required, [previous]: 'change-me-change-me-change-me-change-me' })).to.deep.equal([
          previous,
        ]))
    it('that are equal even while a third is missing: all faults at once', () =>
      expect(
        faultsOf({ ...required, JWT_REFRESH_SECRET: required.JWT_SECRET, DATA_ENCRYPTION_KEY: '' }).join('\n'),
      ).to.match(/DATA_ENCRYPTION_KEY is required[^]*must differ/))
  })

  describe('provided by the embedded stack', () => {
    it('completes the environment', () => {
      const { EVENTSTORE_URL, NATS_URL, ...rest } = required
      expect(readConfig(rest, { EVENTSTORE_URL, NATS_URL })).to.deep.equal(readConfig(required))
    })
    it('never wins over it, unless the variable is empty', () => {
      const provided = { NATS_URL: 'nats://127.0.0.1:1', S3_BUCKET: 'provided' }
      expect(readConfig(required, provided)).to.include({ NATS_URL: required.NATS_URL, S3_BUCKET: 'provided' })
      expect(readConfig({ ...required, NATS_URL: '' }, provided)).to.include({ NATS_URL: provided.NATS_URL })
    })
    it('tells an admin’s password that was generated from one that was given', () => {
      const { INITIAL_ADMIN_PASSWORD, ...rest } = required
      expect(readConfig(rest, { INITIAL_ADMIN_PASSWORD })).to.include({ generatedAdmin: true })
      expect(readConfig({ ...rest, INITIAL_ADMIN_PASSWORD }, { INITIAL_ADMIN_PASSWORD })).to.include({
        generatedAdmin: false,
      })
    })
    it('is asked for four addresses', () =>
      expect(addresses).to.deep.equal(['EVENTSTORE_URL', 'DATABASE_URL', 'NATS_URL', 'S3_ENDPOINT']))
  })

  const example = new URL('../../.env.example', import.meta.url)
  ;(existsSync(example) ? it : it.skip)('is listed whole in .env.example, in the same order', () => {
    const namesIn = (text: string) => [...text.matchAll(/^(?:# ?)?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name!)
    const [ours, proxys, composes] = readFileSync(example, 'utf8').split(/^# --- For (?:nginx|compose only).*$/m)
    expect(namesIn(ours!)).to.deep.equal(variables)
    const site = readFileSync(new URL('../../ops/deploy/nginx/site.ts', import.meta.url), 'utf8')
    for (const name of namesIn(proxys ?? '')) expect(site).to.include(`  ${name}: `)
    const compose = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8')
    // Those are compose's own.
    const asked = namesIn(composes ?? '').filter((name) => !name.startsWith('COMPOSE_'))
    for (const name of asked) expect(compose).to.match(new RegExp(`\\$\\{${name}\\b`))
  })
})
