import { expect } from 'chai'
import { DCLinter } from 'dclint'
import { parse as parseDotenv } from 'dotenv'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse as parseYaml } from 'yaml'
import { addresses, ConfigError, readConfig, variables } from '../../ops/platform/config.ts'
import { eventually } from '../eventually.ts'
import { launch, runProcess } from '../process.ts'

interface Service {
  image?: string
  build?: string | { context: string; target?: string }
  env_file?: string
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  tmpfs?: string[]
  networks?: string[]
  depends_on?: Record<string, { condition: string; required?: boolean }>
  healthcheck?: { test: string[]; interval: string; timeout: string; retries: number }
  restart?: string
  profiles?: string[]
  scale?: string
  command?: string[]
  deploy?: { resources: { limits: { memory: string; pids: number } } }
}
interface Compose {
  name?: string
  services: Record<string, Service>
  volumes?: Record<string, object>
  networks?: Record<string, { internal?: boolean }>
}

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const read = (path: string) => readFileSync(at(path), 'utf8')

const servers = ['eventstore', 'postgres', 'nats', 'minio']
const files = ['docker-compose.yml', 'docker-compose.dev.yml', 'docker-compose.test.yml'] as const
const [production, development, test] = files
/** Beside the first, where it is needed. */
const arm64 = 'docker-compose.arm64.yml'
const load = (file: string) => parseYaml(read(file), { merge: true }) as Compose

/** Comments gone, so that what they say does not count. */
const code = (text: string) => text.replaceAll(/^\s*#.*$/gm, '')
/** Every name between `${` and what follows it, nested ones too; `$$` is a `$` for the container's own shell. */
const namesIn = (text: string) => [...code(text).matchAll(/(?<!\$)\$\{?([A-Za-z_]\w*)/g)].map(([, name]) => name!)

/** The schema, not the taste. */
const settings = { rules: {}, quiet: true, debug: false, exclude: [] }

/** What the compose specification does not allow in a file. */
function faultsOf(file: string): string[] {
  // Its own types do not resolve under NodeNext.
  const linted: { messages: { rule: string; message: string }[] }[] = new DCLinter(settings).lintFiles(
    [at(file)],
    false,
  )
  const faults = linted.flatMap(({ messages }) => messages.filter(({ rule }) => rule.startsWith('invalid-')))
  return faults.map(({ message }) => message)
}

/** What only nginx and compose read. */
const only = [
  ...['API_HOST', 'DOCS_HOST', 'PUBLISH_ADDR', 'COMPOSE_FILE', 'COMPOSE_PROFILES', 'MINIO_SCALE', 'APP_MEMORY'],
  ...['EVENTSTORE_MEMORY', 'POSTGRES_MEMORY', 'NATS_MEMORY', 'S3_MEMORY', 'EVENTSTORE_IMAGE', 'S3_IMAGE'],
]
const example = read('.env.example')
/** With the commented defaults too. */
const listed = [...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name, value]) => ({
  name: name!,
  value: value!,
}))

/** Has a tag that is a version, or a digest. */
const pinned = /^[\w./-]+(?::\d+)?[\w./-]*:(?=[\w.-]*\d)(?!latest)[\w.-]+(?:@sha256:[0-9a-f]{64})?$/

/** What compose makes of `${A}`, `${A:-b}`, `${A:?b}`, also within each other. */
function interpolate(text: string, values: Record<string, string>): string {
  const inner = /(?<!\$)\$\{(\w+)(?:(:[-?])([^${}]*))?\}/
  let done = text
  for (let found = inner.exec(done); found; found = inner.exec(done)) {
    const [whole, name = '', operator, rest = ''] = found
    const value = values[name] || (operator === ':-' ? rest : '')
    if (operator === ':?' && value === '') throw new Error(`${name}: ${rest}`)
    done = done.replace(whole, () => value)
  }
  return done.replaceAll('$$', '$')
}

/** The environment that a service gets, `.env` being this. */
const environmentOf = (service: Service, dotenv: Record<string, string>) => ({
  ...(service.env_file === '.env' ? dotenv : {}),
  ...Object.fromEntries(
    Object.entries(service.environment ?? {}).map(([name, value]) => [name, interpolate(value, dotenv)]),
  ),
})

const filledIn = {
  ...parseDotenv(example),
  CORS_ALLOWED_ORIGINS: 'https://admin.api.xylolabs.com',
  POSTGRES_USER: 'xylolabs',
  POSTGRES_PASSWORD: 'a1'.repeat(16),
  POSTGRES_DB: 'recordings',
  JWT_SECRET: 'b2'.repeat(16),
  JWT_REFRESH_SECRET: 'c3'.repeat(16),
  MINIO_ROOT_USER: 'root',
  MINIO_ROOT_PASSWORD: 'd4'.repeat(16),
  INITIAL_ADMIN_EMAIL: 'admin@xylolabs.com',
  INITIAL_ADMIN_PASSWORD: 'e5'.repeat(8),
  DATA_ENCRYPTION_KEY: 'f6'.repeat(16),
  EVENTSTORE_IMAGE: 'docker.kurrent.io/kurrent-lts/kurrentdb:26.0.3',
}

for (const file of files)
  describe(file, () => {
    const { services, volumes = {}, networks = {} } = load(file)
    const each = Object.entries(services)

    it('is what the compose specification allows', () => {
      expect(faultsOf(file)).to.deep.equal([])
    })

    it(`has ${file === test ? 'the servers alone' : 'the app and its servers'}`, () => {
      const always = each.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name)
      expect(always).to.have.members(file === test ? servers : ['app', ...servers])
    })

    it('uses no variable that .env.example does not list', () => {
      expect(listed.map(({ name }) => name)).to.include.members(namesIn(read(file)))
    })

    it('pins every image', () => {
      for (const [name, { image, build }] of each) {
        if (image === undefined) expect(build, name).to.be.an('object')
        else expect(interpolate(image, filledIn), name).to.match(pinned)
      }
    })

    it('asks every service how it is', () => {
      for (const [name, { healthcheck }] of each) {
        expect(healthcheck, name).to.include.keys('test', 'interval', 'timeout', 'retries')
        expect(healthcheck!.test, name).to.be.an('array').with.property('length').above(1)
        for (const word of healthcheck!.test) expect(word, name).to.be.a('string')
      }
    })

    it('names only services, volumes and networks that are there, and uses all of them', () => {
      const named = (kind: 'volumes' | 'networks') =>
        each.flatMap(([, service]) => service[kind] ?? []).map((entry) => entry.split(':')[0]!)
      expect([...new Set(named('volumes').filter((name) => !name.startsWith('.')))]).to.have.members(
        Object.keys(volumes),
      )
      expect([...new Set(named('networks'))]).to.have.members(Object.keys(networks))
      for (const [name, { depends_on = {} }] of each)
        expect(Object.keys(services), name).to.include.members(Object.keys(depends_on))
    })

    if (file !== test)
      it('starts the app when all its servers are healthy', () => {
        const waitsFor = Object.entries(services['app']!.depends_on ?? {})
        const needed = waitsFor.filter(([, { required }]) => required !== false)
        expect(needed.map(([name]) => name)).to.have.members(servers)
        for (const [name, { condition }] of waitsFor) expect(condition, name).to.equal('service_healthy')
      })

    if (file !== production)
      it('is reached from this machine only, each port once', () => {
        const ports = each.flatMap(([, { ports = [] }]) => ports)
        for (const port of ports) expect(port).to.match(/^127\.0\.0\.1:\d+:\d+$/)
        const taken = ports.map((port) => port.split(':')[1])
        expect(new Set(taken).size).to.equal(taken.length)
      })

    if (file !== test)
      it('gives the app a complete environment once .env is filled in, and a refused one before', () => {
        const app = services['app']!
        const config = readConfig(environmentOf(app, filledIn))
        expect(config).to.include({
          BIND_ADDR: '0.0.0.0:3000',
          DATA_DIR: '/data',
          EVENTSTORE_URL: 'esdb://eventstore:2113?tls=false',
          DATABASE_URL: `postgres://xylolabs:${filledIn.POSTGRES_PASSWORD}@postgres:5432/recordings`,
          NATS_URL: 'nats://nats:4222',
          S3_ENDPOINT: 'http://minio:9000',
          S3_ACCESS_KEY: 'root',
          S3_SECRET_KEY: filledIn.MINIO_ROOT_PASSWORD,
        })
        const own = { S3_ENDPOINT: 'https://s3.eu-west-1.amazonaws.com', S3_ACCESS_KEY: 'mine', S3_SECRET_KEY: 'own' }
        expect(readConfig(environmentOf(app, { ...filledIn, ...own }))).to.include(own)
        expect(() => readConfig(environmentOf(app, parseDotenv(example)))).to.throw(
          ConfigError,
          'JWT_SECRET is required',
        )
      })

    it('refuses to start a server without its image or its password', () => {
      const needed = ['POSTGRES_USER', 'POSTGRES_PASSWORD', 'POSTGRES_DB', 'MINIO_ROOT_USER', 'MINIO_ROOT_PASSWORD']
      const whole = code(read(file))
      expect(() => interpolate(whole, filledIn)).not.to.throw()
      for (const name of ['EVENTSTORE_IMAGE', ...(file === test ? [] : needed)])
        expect(() => interpolate(whole, { ...filledIn, [name]: '' }), name).to.throw(`${name}: `)
    })
  })

describe('the compose files together', () => {
  it('publish nothing in production but the port of the app, and keep the servers to themselves', () => {
    const { services, networks = {} } = load(production)
    for (const [name, { ports, networks: joined = [], restart }] of Object.entries(services)) {
      const published = ports?.map((port) => interpolate(port, {}))
      expect(published, name).to.deep.equal(name === 'app' ? ['127.0.0.1:3000:3000'] : undefined)
      expect(restart, name).to.equal('unless-stopped')
      if (name !== 'app') for (const network of joined) expect(networks[network]?.internal, name).to.equal(true)
    }
  })

  it('bound what each container takes of the machine, and leave it more where it is told so', () => {
    for (const [name, { deploy }] of Object.entries(load(production).services)) {
      const { memory, pids } = deploy!.resources.limits
      expect(interpolate(memory, {}), name).to.match(/^\d+[mg]$/)
      expect(interpolate(memory, Object.fromEntries(namesIn(memory).map((one) => [one, '8g']))), name).to.equal('8g')
      expect(pids, name).to.be.within(256, 4096)
    }
  })

  it('have another S3 beside MinIO, which takes its place by three variables', () => {
    const { services } = load(production)
    const { profiles, image, environment } = services['seaweedfs']!
    expect(profiles).to.deep.equal(['seaweedfs'])
    expect(image).to.match(pinned)
    const chosen = {
      ...filledIn,
      COMPOSE_PROFILES: 'seaweedfs',
      MINIO_SCALE: '0',
      S3_ENDPOINT: 'http://seaweedfs:8333',
    }
    expect(example).to.include('MINIO_SCALE=0 and S3_ENDPOINT=http://seaweedfs:8333')
    expect(interpolate(services['minio']!.scale!, filledIn)).to.equal('1')
    expect(interpolate(services['minio']!.scale!, chosen)).to.equal('0')
    const config = readConfig(environmentOf(services['app']!, chosen))
    expect(config.S3_ENDPOINT).to.equal('http://seaweedfs:8333')
    // Without keys it would let everybody in.
    const keys = Object.values(environment!).map((value) => interpolate(value, chosen))
    expect(keys).to.deep.equal([config.S3_ACCESS_KEY, config.S3_SECRET_KEY])
    expect(services['app']!.depends_on!['seaweedfs']).to.deep.equal({ condition: 'service_healthy', required: false })
  })

  it('keep what the servers hold in volumes, where each image wants it, and for the specs in memory', () => {
    const places = {
      eventstore: ['/var/lib/eventstore', '/var/lib/kurrentdb'],
      postgres: ['/var/lib/postgresql'],
      nats: ['/data'],
      minio: ['/data'],
    }
    for (const [name, folders] of Object.entries(places)) {
      for (const file of [production, development])
        expect(
          load(file).services[name]!.volumes!.map((volume) => volume.split(':')[1]),
          file,
        ).to.deep.equal(folders)
      expect(load(test).services[name]!).to.deep.include({ tmpfs: folders }).and.not.have.property('volumes')
    }
  })

  it('use the same images, and projects of their own so that one does not take the place of another', () => {
    for (const name of servers)
      expect(new Set(files.map((file) => load(file).services[name]!.image)).size, name).to.equal(1)
    expect(new Set(files.map((file) => load(file).name)).size).to.equal(files.length)
  })

  it('publish the servers where test:compose looks for them, with what it logs in with', () => {
    const { services } = load(test)
    const run = read('spec/compose.mjs')
    const said = [...run.matchAll(/: '\w+:\/\/\S*?(127\.0\.0\.1:\d+)/g)].map(([, address]) => address)
    const published = servers.map((name) => /^[\d.]+:\d+/.exec(services[name]!.ports![0]!)![0])
    expect(said).to.deep.equal(published)
    const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = services['postgres']!.environment!
    expect(run).to.include(`postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@${published[1]}/${POSTGRES_DB}'`)
    const { MINIO_ROOT_USER, MINIO_ROOT_PASSWORD } = services['minio']!.environment!
    expect(run).to.include(`TEST_S3_ACCESS_KEY: '${MINIO_ROOT_USER}'`).and.include(`'${MINIO_ROOT_PASSWORD}',\n}`)
  })

  it('name the image of the app by its version', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string }
    expect(load(production).services['app']!.image).to.equal(`xylolabs-api:${version}`)
  })
})

describe('docker-compose.arm64.yml', () => {
  const { services, volumes } = load(arm64)
  const { image, command, volumes: mounted, healthcheck } = services['eventstore']!

  it('is what the compose specification allows, and changes nothing but the event store', () => {
    expect(faultsOf(arm64)).to.deep.equal([])
    expect(Object.keys(services)).to.deep.equal(['eventstore'])
    expect(Object.keys(volumes!)).to.deep.equal(mounted!.map((volume) => volume.split(':')[0]))
  })

  it('has the image of the app run the store that comes with it, where the app looks for it', () => {
    expect(image).to.equal(load(production).services['app']!.image)
    const [node, entry, ...options] = command!
    expect([node, existsSync(at(entry!))]).to.deep.equal(['node', true])
    const of = (name: string) => options[options.indexOf(`--${name}`) + 1]
    expect(`esdb://eventstore:${of('port')}?tls=false`).to.equal(
      readConfig(environmentOf(load(production).services['app']!, filledIn)).EVENTSTORE_URL,
    )
    expect(of('host')).to.equal('0.0.0.0')
    expect(mounted!.map((volume) => volume.split(':')[1])).to.deep.equal([of('dir')])
    expect(read('Dockerfile')).to.include(`VOLUME ${of('dir')}`)
  })

  it('serves and is found healthy as it is told, and not while it is away', async function () {
    this.timeout(60_000)
    const dir = mkdtempSync(join(tmpdir(), 'xylolabs-arm64-'))
    const [, entry, ...options] = command!
    const inside: Record<string, string> = { '/data': dir, '0.0.0.0': '127.0.0.1', '2113': '0' }
    const store = launch(
      options.map((word) => inside[word] ?? word),
      {},
      [at(entry!)],
    )
    let port = 0
    const [, , ...check] = healthcheck!.test
    const asked = async () => {
      const words = check.map((word) => word.replace('2113', String(port)))
      return (await runProcess(words, {}, [])).code
    }
    try {
      port = await eventually(() => (JSON.parse(store.output()) as { port: number }).port)
      expect(await asked()).to.equal(0)
    } finally {
      expect(await store.stop()).to.equal(0)
      rmSync(dir, { recursive: true, force: true })
    }
    expect(await asked()).to.equal(1)
  })
})

describe('.env.example', () => {
  it('lists every variable once, each under a comment, and nothing else but what compose needs', () => {
    expect(listed.map(({ name }) => name)).to.have.members([...variables, ...only])
    const lines = example.split('\n')
    for (const { name } of listed) {
      const line = lines.findIndex((text) => text.replace(/^# /, '').startsWith(`${name}=`))
      expect(lines[line - 1], name).to.match(/^# (?![A-Z0-9_]+=)\S.*\S$/)
    }
  })

  it('holds no value', () => {
    for (const [name, value] of Object.entries(parseDotenv(example))) expect(value, name).to.equal('')
  })

  it('shows the defaults that hold', () => {
    const needed = environmentOf(load(production).services['app']!, filledIn)
    const bare = { ...needed, BIND_ADDR: '', DATA_DIR: '' }
    const shown = listed.filter(({ name, value }) => value !== '' && !only.includes(name) && !isAddress(name))
    expect(shown.map(({ name }) => name)).to.include.members(['BIND_ADDR', 'UPLOAD_MAX_SIZE', 'STATIC_DIR_APP'])
    const spelledOut = { ...bare, ...Object.fromEntries(shown.map(({ name, value }) => [name, value])) }
    expect({ ...readConfig(spelledOut), defaultBindAddress: true }).to.deep.equal(readConfig(bare))
  })

  it('shows the addresses and the S3 image that compose sets', () => {
    const text = read(production)
    for (const { name, value } of listed.filter(({ name }) => /_MEMORY$|_SCALE$|^PUBLISH_/.test(name)))
      expect(text).to.include(`\${${name}:-${value}}`)
    for (const { name, value } of listed)
      if (isAddress(name) && name !== 'DATABASE_URL') expect(text).to.include(`${name}: \${${name}:-${value}}`)
    expect(text).to.include(`\${S3_IMAGE:-${listed.find(({ name }) => name === 'S3_IMAGE')!.value}}`)
  })

  it('offers pinned event stores for both architectures', () => {
    const offers = [...example.matchAll(/^# {3}(x86_64|aarch64) .* (\S+)$/gm)]
    expect(new Set(offers.map(([, machine]) => machine))).to.have.keys('x86_64', 'aarch64')
    for (const [, , image] of offers) expect(image).to.match(pinned)
  })
})

const isAddress = (name: string) => (addresses as readonly string[]).includes(name)

describe('Dockerfile', () => {
  const text = code(read('Dockerfile')).replaceAll(/\\\n\s*/g, ' ')
  const instructions = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ word: line.split(' ')[0]!, rest: line.slice(line.indexOf(' ') + 1) }))
  const all = (word: string) => instructions.filter((one) => one.word === word).map(({ rest }) => rest)
  /** What the last stage has of its own and from the stages it is built on. */
  const lastOf = (word: string) => all(word).at(-1)
  const ignored = read('.dockerignore').split('\n')

  it('knows every instruction', () => {
    const known = 'FROM RUN WORKDIR ENV EXPOSE ENTRYPOINT HEALTHCHECK USER CMD COPY VOLUME'.split(' ')
    for (const { word } of instructions) expect(word).to.be.oneOf(known)
  })

  it('starts from a pinned Node, in several stages', () => {
    const stages = all('FROM').map((rest) => rest.split(' AS '))
    expect(stages.length).to.be.above(2)
    const own = stages.map(([, name]) => name)
    for (const [image] of stages) {
      if (own.includes(image)) continue
      expect(image).to.match(/^node:\d+\.\d+\.\d+-bookworm-slim$/)
      expect(Number(/\d+/.exec(image!)![0]) % 2, 'a long-term release').to.equal(0)
    }
  })

  it('runs as an ordinary user, under tini, asked for its health', () => {
    const stages = text.split(/^FROM /m).slice(1)
    for (const stage of [stages.find((one) => one.includes('AS development'))!, stages.at(-1)!])
      expect(/^USER (.*)$/gm.exec(stage)?.[1]).to.equal('node')
    expect(lastOf('ENTRYPOINT')).to.equal('["tini", "--"]')
    expect(lastOf('CMD')).to.equal('["node", "ops/compiled.mjs", "up"]')
    expect(lastOf('HEALTHCHECK')).to.include('http://127.0.0.1:3000/health')
  })

  it('copies only what is there and not ignored', () => {
    const sources = all('COPY')
      .filter((rest) => !rest.startsWith('--from='))
      .flatMap((rest) => rest.split(' ').slice(0, -1))
    expect(sources).to.include.members(['package-lock.json', 'ops', 'migrations'])
    expect(ignored.find((line) => !line.startsWith('#'))).to.equal('*')
    for (const source of sources) {
      expect(existsSync(at(source)), source).to.equal(true)
      expect(ignored).to.include(`!${source}`)
    }
  })

  it('has every folder that the code imports from', () => {
    const { include } = JSON.parse(read('tsconfig.json')) as { include: string[] }
    for (const folder of include.filter((name) => name !== 'spec'))
      expect(all('COPY')).to.include(`${folder} ${folder}`)
  })

  it('finds binaries for arm64 wherever there are some for amd64', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { dev?: boolean }> }
    const amd64 = Object.keys(packages).filter((path) => /linux.*x64/.test(path) && !packages[path]!.dev)
    expect(amd64.length).to.be.above(3)
    for (const path of amd64) expect(packages).to.include.keys(path.replace('x64', 'arm64'))
  })
})
