import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import http from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { connectDatabase } from '../../ops/platform/database.ts'
import { attachedConfig } from '../../ops/roles/environment.ts'
import { apiOf } from '../api.ts'
import { adminCredentials, type Running, startProcess } from '../process.ts'
import { temporaryDataDir } from '../system.ts'

const rows = 1_000_000
/** Beyond all positions of the log. */
const base = 1_000_000_000_000
const mostGrowthMB = 64
/** What V8 may keep: left to itself it lets garbage lie for hundreds of megabytes, which would hide what is held. Beyond this it dies. */
const heapMB = 128
const sampledEveryMs = 200
const run = promisify(execFile)

/** Resident memory of a process, in MB. */
const residentMB = async (pid: number) => Number((await run('ps', ['-o', 'rss=', '-p', String(pid)])).stdout) / 1024

describe('the export of an audit of a million rows', function () {
  this.timeout(1_200_000)
  const dataDir = temporaryDataDir()
  let server: Running
  let headers: Record<string, string>

  before(async () => {
    server = await startProcess(dataDir, { env: { NODE_OPTIONS: `--max-old-space-size=${heapMB}` } })
    const { email, password } = await adminCredentials(dataDir)
    const { body } = await apiOf(server.url).post('/api/auth/login', { email, password })
    headers = { Authorization: `Bearer ${body.access_token}` }
    // Straight into the table of the read model, past the log: what is under test is only how it is read.
    const { DATABASE_URL: url } = attachedConfig({ DATA_DIR: dataDir })!
    const database = connectDatabase({ url, maxConnections: 1, onError: () => undefined })
    await database.query(`
      insert into audit_v1 select ${base} + n, gen_random_uuid(), now(), 'DeviceRenamed', 'user', gen_random_uuid()::text,
        gen_random_uuid(), 'device', gen_random_uuid()::text, n % 50, gen_random_uuid(),
        json_build_object('name', 'Microphone, "north" hall ' || n, 'notes', repeat(md5(n::text), 6), 'renamed_at', now())::text
      from generate_series(1, ${rows}) n`)
    await database.query('analyze audit_v1')
    await database.end()
  })
  after(async () => {
    await server.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const ask = (path: string) =>
    new Promise<http.IncomingMessage>((resolve, reject) =>
      http.get(server.url + path, { agent: false, headers }, resolve).on('error', reject),
    )

  /** Reads all of it line by line, and says how much memory the server had meanwhile, at most. */
  async function read(path: string, onLine: (line: string) => void): Promise<{ peakMB: number; secs: number }> {
    const began = performance.now()
    const answer = await ask(path)
    expect(answer.statusCode).to.equal(200)
    let isOver = false
    let peakMB = 0
    const sampling = (async () => {
      for (; !isOver; await delay(sampledEveryMs)) peakMB = Math.max(peakMB, await residentMB(server.process.pid!))
    })()
    try {
      for await (const line of createInterface({ input: answer })) onLine(line)
    } finally {
      isOver = true
      await sampling
    }
    expect(answer.complete).to.equal(true)
    return { peakMB, secs: (performance.now() - began) / 1000 }
  }

  const formats = {
    csv: { heads: 1, positionOf: (line: string) => Number(line.slice(0, line.indexOf(','))) },
    ndjson: { heads: 0, positionOf: (line: string) => Number((JSON.parse(line) as { position: string }).position) },
  }
  for (const format of ['csv', 'ndjson'] as const)
    it(`as ${format} has each of them once, newest first, within ${mostGrowthMB} MB`, async function () {
      const { heads, positionOf } = formats[format]
      const idleMB = await residentMB(server.process.pid!)
      let [count, misplaced] = [-heads, 0]
      const { peakMB, secs } = await read(`/api/v1/audit.${format}`, (line) => {
        if (count >= 0 && count < rows && positionOf(line) !== base + rows - count) misplaced++
        count++
      })
      const told = `${Math.round(idleMB)} MB before, ${Math.round(peakMB)} at most`
      this.test!.title += ` (${told}, ${Math.round(rows / secs)} rows/s)`
      expect(misplaced).to.equal(0)
      // Behind them is what really happened: the admin was made, and logged in.
      expect(count - rows).to.be.within(1, 100)
      expect(peakMB - idleMB, told).to.be.below(mostGrowthMB)
    })
})
