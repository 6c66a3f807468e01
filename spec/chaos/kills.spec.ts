import { rmSync } from 'node:fs'
import { expect } from 'chai'
import type { apiOf } from '../api.ts'
import { eventually } from '../eventually.ts'
import { adminCredentials, type Running, startProcess } from '../process.ts'
import { sound } from '../sounds.ts'
import { logIn, temporaryDataDir, unique } from '../system.ts'

const rounds = Number(process.env['KILL_ROUNDS'] ?? 4)

describe(`kill -9 of everything, ${rounds} times under load`, function () {
  this.timeout(60_000 + rounds * 20_000)
  const dataDir = temporaryDataDir()
  let running: Running | undefined
  after(async () => {
    await running?.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })

  interface Written {
    path: string
    name: string
    position: bigint
  }

  it('loses no acknowledged write, does none twice, and ends every job once', async () => {
    const facilities = new Map<string, Written>()
    const uploads: string[] = []
    const wav = sound('wav')
    let facilityId: string | undefined

    for (let round = 0; round < rounds; round++) {
      running = await startProcess(dataDir)
      const { email, password } = await adminCredentials(dataDir)
      const api = await logIn(running.url, email, password)
      facilityId ??= (await api.post('/api/v1/facilities', { name: 'Plant', code: unique('plant') })).body.id as string
      let writing = true
      const writer = async () => {
        while (writing) {
          const key = { 'Idempotency-Key': unique('key') }
          const name = unique('plant')
          // Cut off and asked again under the same key: it must be there once.
          const created = await api.post('/api/v1/facilities', { name, code: name }, key).catch(() => undefined)
          if (created?.status !== 201) continue
          facilities.set(created.body.id, {
            path: created.headers.get('Location')!,
            name,
            position: BigInt(created.headers.get('Event-Position')!),
          })
        }
      }
      const uploader = async () => {
        for (let sent = 0; writing && sent < 3; sent++) {
          const upload = await api.upload(wav, { facility_id: facilityId! }).catch(() => undefined)
          if (upload?.status === 201) uploads.push(upload.body.id)
        }
      }
      const load = [writer(), writer(), writer(), uploader()]
      const enough = facilities.size + 30 + Math.floor(Math.random() * 120)
      await eventually(() => expect(facilities.size).to.be.greaterThan(enough), 40_000)
      await running.kill()
      writing = false
      await Promise.all(load)
    }

    running = await startProcess(dataDir)
    const { email, password } = await adminCredentials(dataDir)
    const api = await logIn(running.url, email, password)
    const newest = [...facilities.values()].reduce((last, { position }) => (position > last ? position : last), 0n)
    for (const { path, name } of facilities.values()) {
      const { status, body } = await api.get(path, { 'Read-After': String(newest) })
      expect([status, body.name], path).to.deep.equal([200, name])
    }
    expect(uploads).to.have.length.greaterThan(0)
    for (const id of uploads) {
      await eventually(
        async () => expect((await api.get(`/api/v1/uploads/${id}`)).body.status).to.equal('ready'),
        60_000,
      )
      const { items } = (await api.get(`/api/v1/uploads/${id}/history`)).body as { items: { type: string }[] }
      expect(items.filter(({ type }) => type === 'UploadReceived')).to.have.length(1)
      expect(items.filter(({ type }) => /^Transcode(Completed|Failed|Cancelled)$/.test(type))).to.have.length(1)
    }
    const total = (await api.get('/api/v1/uploads?per_page=1')).body.total as number
    expect(total).to.be.at.least(uploads.length)
    await expectRebuilt(api, dataDir)
  })

  /** Every list is the same after Postgres was thrown away. */
  async function expectRebuilt(api: ReturnType<typeof apiOf>, dataDir: string) {
    const lists = ['facilities', 'users', 'uploads', 'transcode-jobs']
    const everything = async (from: ReturnType<typeof apiOf>) => {
      const found: Record<string, unknown[]> = {}
      for (const list of lists) {
        const items: unknown[] = []
        for (let cursor: string | null = ''; cursor !== null;) {
          const { body } = await from.get(`/api/v1/${list}?per_page=100${cursor && `&cursor=${cursor}`}`)
          items.push(...body.items)
          cursor = body.next_cursor as string | null
        }
        found[list] = items
      }
      return found
    }
    const before = await everything(api)
    await running!.stop()
    rmSync(`${dataDir}/postgres`, { recursive: true })
    running = await startProcess(dataDir)
    const { email, password } = await adminCredentials(dataDir)
    const again = await logIn(running.url, email, password)
    await eventually(async () => expect(await everything(again)).to.deep.equal(before), 20_000)
  }
})
