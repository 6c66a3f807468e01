import { randomUUID } from 'node:crypto'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { expect } from 'chai'
import { type Answered, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'
import { append, asOf, type Change, expectSame } from './past.ts'

const at = '2031-01-01T00:00:00.000Z'

describe('a resource as of then, with an event that cannot be folded', () => {
  let system: System
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
  })

  const stoppedAt = async (readModel: string) => {
    const { items } = (await system.admin.get('/api/v1/projections')).body
    const { state, error } = items.find(({ name }: { name: string }) => name === readModel)
    return state === 'stopped' ? String(error.position) : undefined
  }
  async function skip(readModel: string, position: bigint) {
    await eventually(async () => expect(await stoppedAt(readModel)).to.equal(String(position)))
    const words = { position: String(position), reason: 'spec' }
    expect((await system.admin.post(`/api/v1/projections/${readModel}/skip`, words)).status).to.equal(202)
    await eventually(async () => expect(await stoppedAt(readModel)).to.equal(undefined))
  }
  // Others read what this stops.
  afterEach(async () => {
    for (const readModel of ['facilities', 'users']) {
      const position = await stoppedAt(readModel)
      if (position !== undefined) await skip(readModel, BigInt(position))
    }
  })
  function expectBehind(answer: Answered, detail: RegExp) {
    expectProblem(answer, 503, 'read_model_behind')
    expect(answer.headers.get('Retry-After')).to.match(/^\d+$/)
    expect(answer.body.detail).to.match(detail)
  }

  const cases: [what: string, poison: Change, schema: number, detail: RegExp, history: 200 | 503][] = [
    [
      'of a schema yet to come',
      ['FacilityRenamed', { name: 'Poison', renamed_at: at }],
      99,
      /^The read model facilities cannot hold FacilityRenamed, revision 2 of facility-.*; see its status$/,
      503,
    ],
    [
      'with what Postgres cannot hold',
      ['FacilityRenamed', { name: 'Poi\0son', renamed_at: at }],
      1,
      /^The read model facilities cannot hold what these events say; see its status$/,
      200,
    ],
    [
      'without what must be there',
      ['FacilityRenamed', { renamed_at: at }],
      1,
      /^The read model facilities cannot hold what these events say; see its status$/,
      200,
    ],
  ]
  for (const [what, poison, schema, detail, history] of cases)
    it(`${what}: a problem from there on, and left out once an operator skips it`, async () => {
      const { body } = await system.admin.post('/api/v1/facilities', { name: 'Plant', code: unique('plant') })
      const [path, stream] = [`/api/v1/facilities/${body.id}`, `facility-${body.id}`]
      const named = await append(system, stream, ['FacilityRenamed', { name: 'Before', renamed_at: at }])
      const before = await system.admin.get(path, { 'Read-After': String(named) })
      const poisoned = await append(system, stream, poison, schema)
      expectSame(await asOf(system.admin, path, poisoned - 1n), before, 'before it')
      for (const when of [poisoned, at]) expectBehind(await asOf(system.admin, path, when), detail)
      expect((await system.admin.get(`${path}/history`)).status).to.equal(history)

      await skip('facilities', poisoned)
      const renamed = await append(system, stream, ['FacilityRenamed', { name: 'After', renamed_at: at }])
      const now = await system.admin.get(path, { 'Read-After': String(renamed) })
      expect(now.body.name).to.equal('After')
      expectSame(await asOf(system.admin, path, poisoned), before, 'at the skipped event')
      for (const when of [renamed, at]) expectSame(await asOf(system.admin, path, when), now, `as of ${when}`)
      const { items } = (await system.admin.get(`${path}/history`)).body
      expect(items.slice(2).map(({ changes }: { changes: unknown }) => changes)).to.deep.equal([
        [],
        [{ field: 'name', before: 'Before', after: 'After' }],
      ])
    })

  it('that cannot be unsealed: the same', async () => {
    const { user } = await newFacility(system)
    const [path, stream] = [`/api/v1/users/${user.id}`, `user-${user.id}`]
    const before = await system.admin.get(path)
    const client = EventStoreDBClient.connectionString(system.config.EVENTSTORE_URL)
    const { position } = await client
      .appendToStream(
        stream,
        jsonEvent({
          id: randomUUID(),
          type: 'UserRenamed',
          data: { name: { sealed: 'v1', box: 'A'.repeat(60) }, renamed_at: at },
          metadata: { schema: 1, actor: { kind: 'system', id: 'spec' } },
        }),
      )
      .finally(() => client.dispose())
    const poisoned = position!.commit
    for (const when of [poisoned, at])
      expectBehind(await asOf(system.admin, path, when), /^user-.*, revision 2: cannot be unsealed$/)
    expectSame(await asOf(system.admin, path, poisoned - 1n), before, 'before it')
    await skip('users', poisoned)
    const now = await system.admin.get(path)
    for (const when of [poisoned, at]) expectSame(await asOf(system.admin, path, when), now, `as of ${when}`)
  })
})
