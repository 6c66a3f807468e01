import { expect } from 'chai'
import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { EventStoreDBClient } from '@eventstore/db-client'
import { Chain } from '../../ops/audit/chain.ts'
import { extend, Unfitting } from '../../ops/audit/keeping.ts'
import { verifyLog } from '../../ops/audit/verifying.ts'
import { verifyExport } from '../../ops/audit/verifyingExport.ts'
import { exportEvents } from '../../ops/events/exporting.ts'
import { readExport } from '../../ops/events/exportFile.ts'
import { importEvents } from '../../ops/events/importing.ts'
import type { Stack } from '../../ops/embedded/stack.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import { StreamGone } from '../../ops/platform/eventStoreErrors.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { appendRaw, type RawEvent, readRaw } from '../../ops/platform/rawEvents.ts'
import { scavenge } from '../../ops/platform/scavenge.ts'
import { type Connections, openConnections } from '../../ops/roles/connections.ts'
import { personalFields } from '../../domain/events.ts'
import { RunningStore } from '../embedded/eventstore/running.ts'
import { runProcess } from '../process.ts'
import { specLog, startServers, temporaryDataDir } from '../system.ts'

const at = '2026-11-26T09:00:00.000Z'
const metadata = { schema: 1, actor: { kind: 'system', id: 'spec' } }
const nothing = () => undefined

describe('the audit chain', function () {
  this.timeout(60_000)
  const dataDir = temporaryDataDir()
  const lifecycle = createLifecycle({ log: specLog })
  const stores: RunningStore[] = []
  let connections: Connections
  let stack: Stack
  let client: EventStoreDBClient
  const ada = randomUUID()

  before(async () => {
    const started = await startServers(dataDir)
    stack = started.stack
    lifecycle.onStop('stack', () => stack.stop())
    connections = await openConnections(started.config, specLog, lifecycle)
    client = EventStoreDBClient.connectionString(started.config.EVENTSTORE_URL)
    lifecycle.onStop('client', () => client.dispose())
    const wrapped = connections.store.sealing.newKey()
    await append(`userKey-${ada}`, 'UserKeyCreated', { wrapped, created_at: at })
    await append(`user-${ada}`, 'UserRegistered', {
      ...{ email: 'ada@example.test', name: 'Ada 전류', role: 'super_admin', password_hash: 'h', registered_at: at },
      must_change_password: false,
    })
    for (let i = 0; i < 30; i++)
      await append(`facility-${randomUUID()}`, 'FacilityRegistered', {
        name: `P ${i}\n"é"`,
        code: `p-${i}`,
        registered_at: at,
      })
    // What others may have written: bytes that are no JSON, and JSON that nobody here writes so.
    await raw('somebody', 'Bytes', Buffer.from([0, 255, 10, 13, 128]), false)
    await raw('somebody', 'Spaced', Buffer.from('{ "b": 1.0, "a": "\\u00e9", "b": 2 }'), true, 0n)
    await connections.store.keepOnly('refusal-2026-11-26', { maxCount: 2, maxAgeSecs: 86_400 })
    for (let i = 0; i < 5; i++) await append('refusal-2026-11-26', 'LoginRefused', { i, refused_at: at }, i - 1)
    await keep()
  })
  after(async () => {
    await Promise.all(stores.map((store) => store.remove()))
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  const append = (stream: string, type: string, data: object, last = -1) =>
    connections.store.append(stream, [{ id: randomUUID(), type, data, metadata }], last < 0 ? 'no_stream' : last)
  const raw = (stream: string, type: string, data: Buffer, isJson: boolean, last = -1n) =>
    appendRaw(client, stream, [{ id: randomUUID(), type, isJson, data, metadata: Buffer.from(data) }], last)
  const keep = (of = client, before: Parameters<typeof extend>[3] = {}) =>
    extend(of, connections.database, new AbortController().signal, before)
  const verified = (head?: string, of = client) =>
    verifyLog({ client: of, database: connections.database, head, onProgress: nothing })
  async function all(of = client): Promise<RawEvent[]> {
    const found: RawEvent[] = []
    for await (const events of readRaw(of, undefined)) found.push(...events)
    return found
  }
  async function emptyStore() {
    const store = await RunningStore.start()
    stores.push(store)
    return { store, url: `esdb://127.0.0.1:${store.port}?tls=false` }
  }
  let files = 0
  async function exported(url = connections.config.EVENTSTORE_URL) {
    const file = join(dataDir, `export-${files++}.ndjson.gz`)
    return { file, ...(await exportEvents(url, file, nothing)) }
  }
  const linesOf = (file: string) => gunzipSync(readFileSync(file)).toString().trimEnd().split('\n')
  /** The same export with other lines between its first and its last. */
  function rewritten(file: string, change: (lines: any[]) => any[]): string {
    const [first, ...rest] = linesOf(file).map((line) => JSON.parse(line))
    const foot = rest.pop()
    const lines = change(rest)
    const other = join(dataDir, `rewritten-${files++}.ndjson.gz`)
    const text = [first, ...lines, { ...foot, lines: lines.length }].map((line) => `${JSON.stringify(line)}\n`).join('')
    writeFileSync(other, gzipSync(text))
    return other
  }
  /** Every hash as it would have to be, as one who knows how would forge it. */
  function forged(file: string, change: (lines: any[]) => any[]): string {
    const chain = new Chain()
    const other = rewritten(file, (lines) =>
      change(lines).map((line) => {
        if ('ended' in line) return line
        const bytes = (name: string) =>
          line[name] === undefined ? Buffer.from(line[`${name}_base64`], 'base64') : Buffer.from(line[name])
        const { chain: _, ...rest } = line
        const isPart = chain.add({ ...line, data: bytes('data'), metadata: bytes('metadata') })
        return { ...rest, ...(isPart && { chain: chain.head }) }
      }),
    )
    const lines = linesOf(other)
    lines[lines.length - 1] = JSON.stringify({ ...JSON.parse(lines.at(-1)!), head: chain.head })
    writeFileSync(other, gzipSync(lines.map((line) => `${line}\n`).join('')))
    return other
  }
  /** The name of the tenth facility is another one. */
  const renamed = (lines: any[]) =>
    lines.map((line) => (line.data?.includes('"p-9"') ? { ...line, data: line.data.replace('P 9', 'P 10') } : line))
  const tenth = (lines: any[]) => lines.find((line) => line.data?.includes('"p-9"')) as { id: string; stream: string }

  it('holds every event that lasts, and is held by whoever verifies the log', async () => {
    const { events, compared, fault, head } = await verified()
    const lasting = (await all()).filter(
      ({ type, stream }) => !type.startsWith('$') && !/^(userKey|refusal)-/.test(stream),
    )
    expect({ events, compared, fault }).to.deep.equal({ events: 33, compared: 33, fault: undefined })
    expect(lasting).to.have.length(33)
    expect(await verified(head)).to.deep.include({ behindHead: 0 })
    await append(`facility-${randomUUID()}`, 'FacilityRegistered', { name: 'One more', code: 'm', registered_at: at })
    expect(await verified(head)).to.deep.include({ behindHead: 1, events: 34, compared: 33 })
    expect((await verified('ab'.repeat(32))).fault).to.match(/^No event leads to the head abab/)
    await keep()
  })

  it('is the same when several instances keep it at the same time, and whatever it is kept in pieces of', async () => {
    for (let i = 0; i < 5; i++) {
      await append(`facility-${randomUUID()}`, 'FacilityRegistered', {
        name: 'Race',
        code: `r-${i}`,
        registered_at: at,
      })
      await Promise.all([keep(), keep(), keep()])
    }
    const seen = await keep()
    expect(seen!.position).to.equal((await all()).at(-1)!.position)
    await append(`facility-${randomUUID()}`, 'FacilityRegistered', { name: 'Next', code: 'n', registered_at: at })
    expect((await keep(client, { seen }))!.position > seen!.position).to.equal(true)
    expect(await verified())
      .to.deep.include({ events: 40, compared: 40 })
      .and.not.have.property('fault')
  })

  it('goes over into another event store with the log, every byte of it', async () => {
    const { file, lines, head, events } = await exported()
    expect(events).to.equal(40)
    const { store, url } = await emptyStore()
    expect(await importEvents(url, file, nothing)).to.deep.equal({ lines, before: 0, head })
    const bare = (events: RawEvent[]) =>
      events
        .filter(({ type, stream }) => !stream.startsWith('$') && !type.startsWith('$'))
        .map(({ position: _, data, metadata, ...rest }) => ({
          ...rest,
          data: data.toString('hex'),
          about: metadata.toString('hex'),
        }))
    expect(bare(await all(store.client))).to.deep.equal(bare(await all()))
    const { maxCount, maxAge } = (await store.client.getStreamMetadata('refusal-2026-11-26')).metadata!
    expect({ maxCount, maxAge }).to.deep.equal({ maxCount: 2, maxAge: 86_400 })
    expect(await store.revisions('refusal-2026-11-26')).to.deep.equal([3, 4])
    expect(linesOf((await exported(url)).file)).to.deep.equal(linesOf(file))
    // The new log has it all at other positions: what was kept fits, and goes on.
    await keep(store.client)
    const { rows } = await connections.database.query('select event_id, position from audit_chain_end')
    const end = (await all(store.client)).find(({ id }) => id === rows[0].event_id)!
    expect(rows[0].position, 'where to go on from').to.equal(String(end.position))
    expect(await verified(head, store.client)).to.deep.include({ compared: 40, behindHead: 0 })
    await keep()
    expect(await verified())
      .to.deep.include({ compared: 40 })
      .and.not.have.property('fault')
  })

  it('lets an import go on where it was broken off, and refuses a log that holds anything else', async () => {
    const first = await exported()
    const { store, url } = await emptyStore()
    await importEvents(url, first.file, nothing)
    await append(`facility-${randomUUID()}`, 'FacilityRegistered', { name: 'Later', code: 'l', registered_at: at })
    await keep()
    const second = await exported()
    const { lines, head } = second
    expect(await importEvents(url, second.file, nothing)).to.deep.equal({ lines, head, before: first.lines })
    expect(await importEvents(url, second.file, nothing)).to.deep.equal({ lines, head, before: lines })
    const has = (await all(store.client)).length
    const refused = (file: string) =>
      importEvents(url, file, nothing).then(
        () => 'imported',
        ({ message }: Error) => message,
      )
    expect(await refused(first.file)).to.match(/holds more than this export/)
    expect(await refused(forged(second.file, renamed))).to.match(
      /holds something else than this export, from line \d+ on$/,
    )
    expect((await all(store.client)).length).to.equal(has)
  })

  it('lets an import of many go on whose event store was killed in the middle of it', async () => {
    const many = 3000
    const template = linesOf((await exported()).file)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find(({ type }) => type === 'FacilityRegistered')!
    const streams = Array.from({ length: 700 }, () => `facility-${randomUUID()}`)
    const file = forged((await exported()).file, (lines) => [
      ...lines,
      ...Array.from({ length: many }, (_, i) => ({
        ...template,
        id: randomUUID(),
        stream: streams[i % streams.length],
        revision: String(Math.floor(i / streams.length)),
      })),
    ])
    const first = await emptyStore()
    let killed: Promise<unknown> | undefined
    let shown = 0
    const failed = await importEvents(first.url, file, () => {
      if (++shown === many / 2) killed = first.store.end('SIGKILL')
    }).catch((error: Error) => error)
    expect(failed).to.be.instanceOf(Error)
    await killed
    const store = await RunningStore.start({ dir: first.store.dir })
    stores.splice(stores.indexOf(first.store), 1, store)
    const url = `esdb://127.0.0.1:${store.port}?tls=false`
    const lines = linesOf(file)
    const imported = await importEvents(url, file, nothing)
    expect(imported.lines).to.equal(lines.length - 2)
    expect(imported.before).to.be.within(1, imported.lines - 1)
    expect(linesOf((await exported(url)).file)).to.deep.equal(lines)
  })

  it('names the event of an export that was changed, and is not led astray by a forged rest', async () => {
    const { file, head, events } = await exported()
    expect(await verifyExport(file, head, nothing)).to.deep.equal({ events, head, compared: events, behindHead: 0 })
    const changed = rewritten(file, renamed)
    const lines = linesOf(file).map((line) => JSON.parse(line))
    const { id, stream } = tenth(lines)
    expect((await verifyExport(changed, undefined, nothing)).fault).to.equal(
      `Event 11 does not fit: FacilityRegistered, revision 0 of ${stream} (${id}) is not what it was`,
    )
    const without = rewritten(file, (lines) => lines.filter((line) => line.id !== id))
    expect((await verifyExport(without, undefined, nothing)).fault).to.match(/^Event 11 does not fit/)
    const swapped = rewritten(file, (lines) => [...lines.slice(0, 5), lines[6], lines[5], ...lines.slice(7)])
    expect((await verifyExport(swapped, undefined, nothing)).fault).to.match(/^Event 5 does not fit/)
    const shortened = rewritten(file, (lines) => lines.slice(0, -1))
    expect((await verifyExport(shortened, undefined, nothing)).fault).to.match(/^The export ends at the head/)
    for (const change of [
      renamed,
      (lines: any[]) => lines.slice(0, -1),
      (lines: any[]) => lines.filter((line) => line.id !== id),
    ]) {
      const forgery = forged(file, change)
      expect((await verifyExport(forgery, undefined, nothing)).fault).to.equal(undefined)
      expect((await verifyExport(forgery, head, nothing)).fault).to.match(/^No event leads to the head/)
    }
  })

  it('names the event of a log that is not what was chained', async () => {
    const { file } = await exported()
    const { id, stream } = tenth(linesOf(file).map((line) => JSON.parse(line)))
    const { store, url } = await emptyStore()
    await importEvents(url, forged(file, renamed), nothing)
    expect((await verified(undefined, store.client)).fault).to.equal(
      `Event 11 does not fit: FacilityRegistered, revision 0 of ${stream} (${id}) is not what it was`,
    )
    const unfitting = await keep(store.client).catch((error: unknown) => error)
    expect(unfitting).to.be.instanceOf(Unfitting)
    const before = { unfitting: unfitting as Unfitting }
    const again = () => keep(store.client, before).catch((error: unknown) => error)
    expect(await again(), 'it is not looked through again').to.equal(unfitting)
    before.unfitting.at -= 60 * 60_000
    expect(await again())
      .to.be.instanceOf(Unfitting)
      .and.not.equal(unfitting)
    const other = await emptyStore()
    await importEvents(
      other.url,
      forged(file, (lines) => lines.slice(0, -1)),
      nothing,
    )
    expect((await verified(undefined, other.store.client)).fault).to.match(
      /^The log ends after \d+ events, .* is missing$/,
    )
    await keep()
  })

  it('notices when what was kept of it is changed', async () => {
    const { database } = connections
    for (const [change, back] of [
      ['create table spare as select * from audit_chain where seq = 7', 'insert into audit_chain select * from spare'],
    ] as const) {
      await database.query(`${change}; delete from audit_chain where seq = 7`)
      expect((await verified()).fault).to.match(/^What was kept of the chain was changed: \d+ of \d+ links/)
      await database.query(`${back}; drop table spare`)
    }
    await database.query(`update audit_chain set hash = sha256(hash) where seq = 7`)
    expect((await verified()).fault).to.match(/^Event 7 does not fit/)
    // Everything of it is lost while somebody keeps it: it is made anew from the first event, wherever that one had got to.
    const seen = await keep()
    await database.query('truncate audit_chain, audit_chain_end')
    await keep(client, { seen })
    const { events, compared, fault } = await verified()
    expect({ compared, fault }).to.deep.equal({ compared: events, fault: undefined })
  })

  it('still fits when a person was erased, whose key no export has then, before a scavenge and behind it', async () => {
    const { head } = await verified()
    await connections.store.tombstone(`userKey-${ada}`)
    for (const act of [nothing, () => scavenge(connections.config.EVENTSTORE_URL)]) {
      await act()
      expect(await verified(head))
        .to.deep.include({ behindHead: 0 })
        .and.not.have.property('fault')
      const { file, head: exportedHead } = await exported()
      expect(exportedHead).to.equal(head)
      expect(linesOf(file).join()).to.not.include('wrapped')
      expect(linesOf(file)).to.include(JSON.stringify({ ended: `userKey-${ada}` }))
      const { url } = await emptyStore()
      await importEvents(url, file, nothing)
      const there = connectEventStore({ url, secret: connections.config.DATA_ENCRYPTION_KEY, personalFields })
      const gone = await there.read(`userKey-${ada}`).catch((error: unknown) => error)
      expect(gone).to.be.instanceOf(StreamGone)
      expect((await there.read(`user-${ada}`))[0]!.data).to.deep.include({ email: '[erased]', name: '[erased]' })
      await there.close()
    }
  })

  it('takes no file for an export that is none, or not a whole one', async () => {
    const { file } = await exported()
    const broken = (bytes: Buffer | string) => {
      const other = join(dataDir, `broken-${files++}`)
      writeFileSync(other, bytes)
      return verifyExport(other, undefined, nothing).then(
        () => 'verified',
        ({ message }: Error) => message,
      )
    }
    const bytes = readFileSync(file)
    const text = gunzipSync(bytes).toString()
    expect(await broken(bytes.subarray(0, bytes.length - 100))).to.match(/unexpected end of file/)
    expect(await broken(gzipSync(text.split('\n').slice(0, -2).join('\n')))).to.match(/ends too early, after \d+ lines/)
    expect(await broken(gzipSync(`${text}{}\n`))).to.match(/comes after its end$/)
    expect(await broken(gzipSync('{"format":"another-1"}\n'))).to.match(/^Line 1 of .* is no line of an export$/)
    expect(await broken('nothing')).to.match(/incorrect header check/)
    expect(
      await exportEvents(connections.config.EVENTSTORE_URL, file, nothing).catch(({ message }: Error) => message),
    ).to.match(/is there already$/)
    let count = 0
    for await (const _ of readExport(file)) count++
    expect(count).to.be.above(30)
  })

  describe('by the commands', () => {
    const run = (...words: string[]) => runProcess(words, { DATA_DIR: dataDir, LOG_LEVEL: 'fatal' })

    it('is verified, exported and verified again without any server', async () => {
      const file = join(dataDir, 'by-command.ndjson.gz')
      const done = await run('audit:verify')
      expect(done.output).to.match(
        /^… verifying\n\d+ events, \d+ of them compared, none was changed\nhead [0-9a-f]{64}\n$/,
      )
      expect(done.code).to.equal(0)
      const head = /head ([0-9a-f]{64})/.exec(done.output)![1]!
      const written = await run('events:export', file)
      expect(written.output).to.include(`head ${head}`)
      const offline = { DATA_DIR: join(dataDir, 'nowhere'), LOG_LEVEL: 'fatal' }
      expect((await runProcess(['audit:verify', '--export', file, '--head', head], offline)).code).to.equal(0)
      const bad = await runProcess(['audit:verify', '--export', rewritten(file, renamed)], offline)
      expect(bad.output).to.match(/Event 11 does not fit/)
      expect(bad.code).to.equal(1)
      const { url, store } = await emptyStore()
      const imported = await run('events:import', file, '--url', url)
      expect(imported.output).to.include(`head ${head}`)
      expect(imported.code, imported.output).to.equal(0)
      expect((await all(store.client)).length).to.be.above(30)
      const wrong = await run('audit:verify', '--head', 'me')
      expect([wrong.code, /64 hexadecimal digits/.test(wrong.output)]).to.deep.equal([1, true])
    })
  })
})
