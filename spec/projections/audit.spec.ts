import { expect } from 'chai'
import { randomUUID } from 'node:crypto'
import { projections } from '../../projections/all.ts'
import { audit } from '../../projections/audit.ts'
import { occurred } from '../../projections/engine/fold.ts'
import { check } from '../../projections/engine/check.ts'
import type { Recorded } from '../../ops/platform/eventStore.ts'
import { frozen } from '../domain/frozen.ts'
import { at, idOf, projectionsUnderTest } from './underTest.ts'

const facility = idOf('place')
const metadata = {
  schema: 1,
  $correlationId: idOf('asked'),
  actor: { kind: 'user', id: idOf('ada') },
  facility_id: facility,
}
const recorded = (more: object): Recorded =>
  frozen({
    ...{ id: idOf('event'), stream: `upload-${idOf('one')}`, type: 'UploadReceived', revision: 3, position: 42n },
    ...{ data: { file_name: 'a.wav', received_at: at }, metadata, ...more },
  })
const rowsOf = (more: object) => audit.each(occurred(recorded(more)))

describe('the audit as a read model', function () {
  this.timeout(60_000)

  it('has a row of each event, with who, where, what and when, as it was stored', () => {
    expect(rowsOf({})).to.deep.equal([
      {
        ...{ position: '42', id: idOf('event'), at, action: 'UploadReceived', revision: 3 },
        ...{ actor_kind: 'user', actor_id: idOf('ada'), facility_id: facility, correlation_id: idOf('asked') },
        ...{ resource: 'upload', resource_id: idOf('one'), data: `{"file_name":"a.wav","received_at":"${at}"}` },
      },
    ])
    const sealed = '{"name":{"sealed":"v1","box":"…"}}'
    expect(rowsOf({ json: sealed, data: { name: 'Ada' } })[0]!.data).to.equal(sealed)
  })

  it('knows the facility of an event by its metadata, else by what it says, else by its stream', () => {
    const [other, bare] = [idOf('other'), { schema: 1 }]
    expect(rowsOf({ data: { facility_id: other } })[0]!.facility_id).to.equal(facility)
    expect(rowsOf({ data: { facility_id: other }, metadata: bare })[0]!.facility_id).to.equal(other)
    expect(rowsOf({ stream: `facility-${other}`, data: {}, metadata: bare })[0]!.facility_id).to.equal(other)
    expect(rowsOf({ data: {}, metadata: bare })[0]!.facility_id).to.equal(null)
  })

  it('leaves out what does not last', () => {
    for (const stream of ['refusal-2026-11-26', `userKey-${idOf('ada')}`]) expect(rowsOf({ stream })).to.deep.equal([])
    expect(rowsOf({ type: '$metadata', stream: '$$user-1' })).to.deep.equal([])
  })

  it('stops at no event, whatever somebody wrote', () => {
    for (const odd of [
      { data: null, metadata: null },
      { data: 'text\0', metadata: 'text' },
      { data: [1], metadata: [1] },
      { data: { made_at: 5, facility_id: { a: 1 } }, metadata: { actor: null, facility_id: 'x', $correlationId: 7 } },
      { data: { made_at: 'someday' }, metadata: { actor: 'me' } },
      { json: 'no JSON \0', data: {} },
      { stream: 'nodash' },
    ]) {
      const [row] = rowsOf(odd)
      expect(row!.data, JSON.stringify(odd)).to.not.include('\0')
      for (const field of [row!.facility_id, row!.correlation_id])
        if (field !== null) expect(field).to.match(/^[0-9a-f-]{36}$/)
      if (row!.at !== null) expect(row!.at).to.equal(at)
    }
  })

  describe('in Postgres', () => {
    const tested = projectionsUnderTest()
    const { append, buildOnce, caughtUp, group, rows, someFacility } = tested

    it('is the same built from the whole log, by either reader, as it was followed; with sealed fields sealed', async () => {
      const { store, config } = tested.connections
      const id = randomUUID()
      await append(`userKey-${id}`, [['UserKeyCreated', { wrapped: store.sealing.newKey(), created_at: at }]])
      await append(`user-${id}`, [
        ['UserRegistered', { email: 'ada@example.test', name: 'Ada \\ 전류', role: 'super_admin', registered_at: at }],
      ])
      const running = group(projections)
      await caughtUp()
      await someFacility()
      await caughtUp()
      const followed = await rows<{ data: string }>('select * from audit order by position')
      expect(followed.filter(({ data }) => data.includes('"sealed"'))).to.have.length(1)
      expect(followed.filter(({ data }) => /Ada|전류/.test(data))).to.have.length(0)
      const checked = await check({
        ...{ databaseUrl: config.DATABASE_URL, store, projections, signal: new AbortController().signal },
        onProgress: () => undefined,
      })
      for (const { name, drift, fault } of checked)
        expect([fault, drift.added, drift.removed, drift.changed], name).to.deep.equal([undefined, 0, 0, 0])
      await running.stop()
      for (const read of [
        () => store.readAll(undefined),
        () =>
          store.readFast(undefined, (why) => {
            throw why
          }),
      ]) {
        await rows(`update projections set state = 'building', position = null where name = 'audit'`)
        await buildOnce(projections, ['audit@1'], read)
        expect(await rows('select * from audit order by position')).to.deep.equal(followed)
      }
    })
  })
})
