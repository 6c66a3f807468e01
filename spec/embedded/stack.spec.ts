import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { expect } from 'chai'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { Client as Minio } from 'minio'
import { connect } from 'nats'
import pg from 'pg'
import { processBegan } from '../../ops/embedded/identity.ts'
import { type Addresses, DataDirInUse, readStack, type Stack, startStack } from '../../ops/embedded/stack.ts'

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const stackModule = new URL('../../ops/embedded/stack.ts', import.meta.url).href
const secrets = {
  postgresPassword: 'p@ss word/1',
  s3AccessKey: 'XYLOTEST',
  s3SecretKey: 'a-secret-for-the-spec',
  eventStoreUser: 'admin',
  eventStorePassword: 'e-secret',
  natsToken: 'n-token',
}
const all = { eventStore: true, database: true, bus: true, objects: true, inference: true }
const none = { eventStore: false, database: false, bus: false, objects: false, inference: false }
const servers = ['eventstore', 'inference', 'nats', 'postgres', 's3']
const optionsFor = (dataDir: string) => ({ dataDir, provide: all, secrets, paths: {} })

describe('the embedded stack', () => {
  let parent: string
  let dataDir: string
  let stack: Stack | undefined
  const logged: string[] = []
  const start = async (change: Partial<Parameters<typeof startStack>[0]> = {}) =>
    (stack = await startStack({ ...optionsFor(dataDir), log: ({ msg }) => logged.push(msg), ...change }))

  before(() => {
    parent = mkdtempSync(path.join(tmpdir(), 'a stack '))
    dataDir = path.join(parent, 'the data')
  })
  after(async () => {
    await stack?.stop()
    rmSync(parent, { recursive: true, force: true })
  })

  describe('once started', () => {
    before(() => start())

    it('answers to the real clients of all five', async () => {
      await write(stack!.addresses)
      await expectWritten(stack!.addresses)
      expect(Object.keys(stack!.pids()).sort()).to.deep.equal(servers)
    })

    it('keeps Postgres durable, on loopback, with passwords hashed, and PG_VERSION directly in its folder', async () => {
      const settings = await withPg(stack!.addresses, async (client) => {
        const names = ['fsync', 'listen_addresses', 'unix_socket_directories', 'password_encryption', 'server_encoding']
        const { rows } = await client.query<{ name: string; setting: string }>(
          'select name, setting from pg_settings where name = any($1)',
          [names],
        )
        return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))
      })
      expect(settings).to.deep.equal({
        fsync: 'on',
        listen_addresses: '127.0.0.1',
        unix_socket_directories: '',
        password_encryption: 'scram-sha-256',
        server_encoding: 'UTF8',
      })
      expect(readFileSync(path.join(dataDir, 'postgres', 'PG_VERSION'), 'utf8').trim()).to.equal('18')
    })

    it('lets nobody in without the credentials', async () => {
      const { DATABASE_URL, NATS_URL } = stack!.addresses
      const stranger = new pg.Client({ connectionString: DATABASE_URL!.replace(/:[^:@]+@/, ':guess@') })
      expect(await codeOf(stranger.connect())).to.equal('28P01')
      expect(await codeOf(connect({ servers: new URL(NATS_URL!).host, reconnect: false }))).to.equal(
        'AUTHORIZATION_VIOLATION',
      )
    })

    it('is refused a second time on the same folder, with the pid that has it', async () => {
      const refusal = await startStack({ ...optionsFor(dataDir), log: () => {} }).catch((error: unknown) => error)
      expect(refusal).to.be.instanceOf(DataDirInUse)
      expect((refusal as Error).message)
        .to.include(String(process.pid))
        .and.to.include(dataDir)
      expect(Object.keys(stack!.pids())).to.have.length(5)
    })

    it('tells operator commands where it is, in a file that is only for its owner', () => {
      const { s3AccessKey: accessKey, s3SecretKey: secretKey } = secrets
      expect(readStack(dataDir)).to.deep.equal({
        owner: process.pid,
        addresses: stack!.addresses,
        s3: { accessKey, secretKey },
      })
      expect(statSync(path.join(dataDir, 'stack.json')).mode & 0o777).to.equal(0o600)
    })

    it('starts a server that was killed again, on the same port, with its data', async () => {
      const before = stack!.pids()
      for (const pid of Object.values(before)) process.kill(pid, 'SIGKILL')
      await until(() => servers.every((name) => (stack!.pids()[name] ?? before[name]) !== before[name]))
      await eventually(() => expectWritten(stack!.addresses))
      expect(logged.filter((msg) => msg.includes('ended by SIGKILL'))).to.have.length(5)
    })

    it('stops without leaving a process, a lock or an address', async () => {
      const pids = Object.values(stack!.pids())
      await stack!.stop()
      expect(pids.filter((pid) => processBegan(pid) !== undefined)).to.deep.equal([])
      expect(readStack(dataDir)).to.equal(undefined)
      expect(readdirSync(dataDir).filter((name) => /\.(pid|lock)|stack/.test(name))).to.deep.equal([])
    })
  })

  describe('elsewhere', () => {
    it('starts with its data after the folder was moved', async () => {
      const moved = path.join(parent, 'moved elsewhere')
      renameSync(dataDir, moved)
      dataDir = moved
      await start()
      await expectWritten(stack!.addresses)
      await stack!.stop()
    })
  })

  describe('after kill -9 of its owner', () => {
    it('the servers end, and the next start has the data', async () => {
      const owner = await otherOwner(dataDir)
      expect(readStack(dataDir)).to.deep.include({ owner: owner.child.pid })
      await expectWritten(owner.addresses)
      await kill(owner.child)
      // Elsewhere the next start ends them.
      if (process.platform === 'linux') await until(() => owner.pids.every((pid) => processBegan(pid) === undefined))
      expect(readStack(dataDir)).to.equal(undefined)
      await start()
      await expectWritten(stack!.addresses)
      await stack!.stop()
    })

    it('the next start may come at once, and a copy of the folder is no concern of the original', async () => {
      const owner = await otherOwner(dataDir)
      const copy = path.join(parent, 'copy')
      mkdirSync(copy)
      for (const name of readdirSync(dataDir).filter((name) => /\.(pid|lock)$/.test(name))) {
        cpSync(path.join(dataDir, name), path.join(copy, name))
      }
      const onCopy = await startStack({ ...optionsFor(copy), provide: none, log: () => {} })
      await onCopy.stop()
      expect(owner.pids.filter((pid) => processBegan(pid) === undefined)).to.deep.equal([])

      await kill(owner.child)
      await start()
      await expectWritten(stack!.addresses)
      await stack!.stop()
    })
  })

  describe('on a folder that a crash left half-done', () => {
    it('does a broken-off initdb again, and takes over locks and pid files of what is now another program', async () => {
      const crashed = path.join(parent, 'crashed')
      mkdirSync(path.join(crashed, 'postgres.initdb.broken', 'base'), { recursive: true })
      writeFileSync(path.join(crashed, 'postgres.initdb.broken', 'PG_VERSION'), '18\n')
      const reused = `${process.ppid}\nanother beginning\n${statSync(crashed, { bigint: true }).ino}\n`
      for (const name of ['stack.lock', 'postgres.pid']) writeFileSync(path.join(crashed, name), reused)
      await start({ dataDir: crashed, provide: { ...none, database: true } })
      expect(
        await withPg(stack!.addresses, async (client) => (await client.query('select 1 as one')).rowCount),
      ).to.equal(1)
      expect(processBegan(process.ppid)).to.be.a('string')
      expect(readdirSync(crashed).filter((name) => name.startsWith('postgres.initdb'))).to.deep.equal([])
      await stack!.stop()
      // The pid of a container's Postgres is often some other program after a restart.
      writeFileSync(path.join(crashed, 'postgres', 'postmaster.pid'), `${process.ppid}\n`)
      await start({ dataDir: crashed, provide: { ...none, database: true } })
      await stack!.stop()
    })

    it('never deletes a folder that it did not make', async () => {
      const foreign = path.join(parent, 'foreign')
      mkdirSync(path.join(foreign, 'postgres'), { recursive: true })
      writeFileSync(path.join(foreign, 'postgres', 'thesis.doc'), 'precious')
      const refusal = await start({ dataDir: foreign }).catch((error: Error) => error.message)
      expect(refusal).to.include('neither empty nor a Postgres data folder')
      expect(readFileSync(path.join(foreign, 'postgres', 'thesis.doc'), 'utf8')).to.equal('precious')
    })
  })

  describe('when a server cannot start', () => {
    it('stops the others and says why', async () => {
      const broken = path.join(parent, 'broken')
      const paths = { natsServer: path.join(parent, 'no-nats-server') }
      const refusal = await start({ dataDir: broken, provide: { ...none, bus: true, objects: true }, paths }).catch(
        String,
      )
      expect(refusal).to.match(/nats did not start: .*no-nats-server/s)
      expect(readdirSync(broken).filter((name) => /\.(pid|lock)$|stack/.test(name))).to.deep.equal([])
      await (await start({ dataDir: broken, provide: { ...none, bus: true } })).stop()
    })
  })
})

/** A process of its own that has a stack, to be killed. */
async function otherOwner(dataDir: string) {
  const script = `
    import { startStack } from ${JSON.stringify(stackModule)}
    const stack = await startStack({ ...${JSON.stringify(optionsFor(dataDir))}, log: () => {} })
    console.log(JSON.stringify({ addresses: stack.addresses, pids: Object.values(stack.pids()) }))`
  const child = spawn(process.execPath, ['--import', tsx, '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { child, ...(JSON.parse(line) as { addresses: Addresses; pids: number[] }) }
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !what(); await delay(10))
    if (Date.now() > end) throw new Error(`never: ${what}`)
}

/** Until it holds: a server that was killed is back when its client says so. */
async function eventually(what: () => Promise<void>): Promise<void> {
  for (const end = Date.now() + 10_000; ; await delay(20)) {
    try {
      return await what()
    } catch (error) {
      if (Date.now() > end) throw error
    }
  }
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'allowed',
    (error: { code: string }) => error.code,
  )

async function withPg<T>({ DATABASE_URL }: Addresses, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: DATABASE_URL! })
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

async function withNats<T>(
  { NATS_URL }: Addresses,
  work: (nats: Awaited<ReturnType<typeof connect>>) => Promise<T>,
): Promise<T> {
  const { host, username } = new URL(NATS_URL!)
  const nats = await connect({ servers: host, token: decodeURIComponent(username), reconnect: false })
  try {
    return await work(nats)
  } finally {
    await nats.close()
  }
}

async function withEvents<T>(
  { EVENTSTORE_URL }: Addresses,
  work: (events: EventStoreDBClient) => Promise<T>,
): Promise<T> {
  const events = EventStoreDBClient.connectionString(EVENTSTORE_URL!)
  try {
    return await work(events)
  } finally {
    await events.dispose()
  }
}

function minio({ S3_ENDPOINT }: Addresses): Minio {
  const { hostname, port } = new URL(S3_ENDPOINT!)
  const { s3AccessKey: accessKey, s3SecretKey: secretKey } = secrets
  return new Minio({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey, region: 'us-east-1' })
}

async function write(addresses: Addresses): Promise<void> {
  await withPg(addresses, (client) => client.query(`create table kept as select 'row' as what`))
  await withNats(addresses, async (nats) => {
    await (await nats.jetstreamManager()).streams.add({ name: 'KEPT', subjects: ['kept.>'] })
    await nats.jetstream().publish('kept.one', 'message')
  })
  await minio(addresses).makeBucket('kept')
  await minio(addresses).putObject('kept', 'an/object', 'object')
  await withEvents(addresses, (events) =>
    events.appendToStream('kept-1', jsonEvent({ type: 'Kept', data: { what: 'event' } })),
  )
}

async function expectWritten(addresses: Addresses): Promise<void> {
  const found = await Promise.all([
    withPg(addresses, async (client) => (await client.query<{ what: string }>('select what from kept')).rows[0]!.what),
    withNats(addresses, async (nats) =>
      (await (await nats.jetstreamManager()).streams.getMessage('KEPT', { last_by_subj: 'kept.one' })).string(),
    ),
    minio(addresses).getObject('kept', 'an/object').then(text),
    withEvents(addresses, async (events) => {
      for await (const { event } of events.readStream('kept-1')) return (event!.data as { what: string }).what
      return 'nothing'
    }),
    fetch(`${addresses.INFERENCE_URL!}/v2/health/live`).then((answer) => answer.text()),
  ])
  expect(found).to.deep.equal(['row', 'message', 'object', 'event', '{"live":true}'])
}
