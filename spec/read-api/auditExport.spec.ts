import { expect } from 'chai'
import http from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { connectDatabase, type Database } from '../../ops/platform/database.ts'
import { audit } from '../../read-api/audit.ts'
import { eventually } from '../eventually.ts'
import { served } from '../served.ts'
import { theSystem } from '../system.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
/** What is in use, in bytes, without what only waits to be collected. */
function held(): number {
  collect()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}

const rows = 30_000
const pages = rows / 250
const MB = 1024 * 1024

describe('the export of the audit', function () {
  this.timeout(90_000)
  let database: Database
  let server: Awaited<ReturnType<typeof served>>
  /** How often a connection was taken, which is once a query. */
  let queries = 0

  before(async () => {
    const { config } = await theSystem()
    const url = new URL(config.DATABASE_URL)
    url.searchParams.set('options', '-c search_path=audit_export')
    database = connectDatabase({ url: url.href, maxConnections: 2, onError: () => undefined })
    await database.query(`
      create schema audit_export;
      create table audit (like public.audit_v1 including indexes);
      create view users as select * from public.users;
      create view devices as select * from public.devices;
      insert into audit select n, gen_random_uuid(), now(), 'FacilityRenamed', 'system', 'spec', null, 'facility', n::text, 0, null,
        json_build_object('name', repeat(md5(n::text), 60))::text from generate_series(1, ${rows}) n`)
    database.on('acquire', () => queries++)
    server = await served(audit({ database, opened: ({ data }) => Promise.resolve(data) }))
  })
  beforeEach(() => (queries = 0))
  after(async () => {
    await server.close()
    await database.query('drop schema audit_export cascade')
    await database.end()
  })
  const ask = (format: string) =>
    new Promise<http.IncomingMessage>((resolve, reject) =>
      http.get(`${server.url}/api/v1/audit.${format}`, { agent: false }, resolve).on('error', reject),
    )

  for (const [format, head] of [
    ['csv', 1],
    ['ndjson', 0],
  ] as const)
    it(`gives all rows as ${format} once, newest first, and holds only a few of them at a time`, async () => {
      const before = held()
      const answer = await ask(format)
      let [lines, bytes, looked, most] = [0, 0, -10 * MB, 0]
      const seen: string[] = []
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        bytes += chunk.length
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
        if (seen.length < 3) seen.push(chunk.toString('latin1', 0, 2000))
        if (bytes < looked + 10 * MB) continue
        looked = bytes
        most = Math.max(most, held() - before)
      }
      expect(lines).to.equal(rows + head)
      expect(seen.join('')).to.include(format === 'csv' ? `\n${rows},` : `"position":"${rows}"`)
      expect(bytes / MB).to.be.above(50)
      expect(most / MB, 'held at most').to.be.below(25)
    })

  it('waits for a client that does not read on, and ends with one that goes away', async () => {
    const answer = await ask('ndjson')
    await eventually(() => expect(queries).to.be.above(1))
    answer.pause()
    // Until what lies between has taken all it can.
    const settled = await eventually(async () => {
      const before = queries
      await delay(300)
      expect(queries).to.equal(before)
      return before
    })
    expect(settled).to.be.below(pages / 2)
    answer.destroy()
    await eventually(() => expect(database.idleCount).to.equal(database.totalCount))
    const after = queries
    await database.query('select 1')
    expect(after - settled).to.be.at.most(2)
  })

  it('is a problem, and no torn file, when Postgres does not answer the first question', async () => {
    await database.query('alter table audit rename to away')
    try {
      const answer = await ask('csv')
      expect([answer.statusCode, answer.headers['content-type']]).to.deep.equal([
        503,
        'application/problem+json; charset=utf-8',
      ])
      answer.resume()
    } finally {
      await database.query('alter table away rename to audit')
    }
  })
})
