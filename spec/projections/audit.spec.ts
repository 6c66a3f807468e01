import { expect } from 'chai'
import { randomBytes, randomUUID } from 'node:crypto'
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
const noMoments = [
  ...['2026-02-30T00:00:00Z', '2025-02-29T00:00:00Z', '0000-01-01T00:00:00Z', '2026-11-26T10:00:00.9999999Z'],
  ...['2026-11-26', '2026-11', '2026-11-26T10:00:00', '2026-11-26T10:00:00+18:00', '2026-11-26 10:00:00 GMT+0200'],
]
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

  it('keeps of somebody else’s words what an index holds, and no half of a character', () => {
    const long = 'x'.repeat(499) + '\u{1f600}' + 'y'.repeat(500)
    const odd = { type: long, stream: `some\0-${long}`, metadata: { actor: { kind: '\0', id: long } } }
    const [row] = rowsOf(odd)
    const kept = 'x'.repeat(499) + '\ufffd'
    expect(row).to.include({ action: kept, resource: 'some\ufffd', resource_id: kept })
    expect(row).to.include({ actor_kind: '\ufffd', actor_id: kept })
  })

  it('takes for a time what is the same moment here and in Postgres', () => {
    const atOf = (made_at: string) => rowsOf({ data: { made_at } })[0]!.at
    for (const time of ['2024-02-29T23:59:59Z', '2026-11-26T10:00:00.123456+09:00', '0001-01-31T00:00:00.5-15:59'])
      expect(atOf(time)).to.equal(time)
    for (const none of noMoments) expect(atOf(none), none).to.equal(null)
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
      for (const made_at of noMoments) await append(`somebody-${randomUUID()}`, [['Happened', { made_at }]])
      const long = randomBytes(6000).toString('base64')
      const [actor, $correlationId] = [{ kind: '\0', id: long }, idOf('asked')]
      for (const stream of [`somebody-${long.slice(0, 1400)}`, `some\0-${randomUUID()}`])
        await store.append(
          stream,
          [{ id: randomUUID(), type: 'Happened', data: {}, metadata: { actor, $correlationId } }],
          'no_stream',
        )
      await someFacility()
      await caughtUp()
      const followed = await rows<{ data: string; resource: string }>('select * from audit order by position')
      expect(followed.filter(({ resource }) => resource.startsWith('some'))).to.have.length(noMoments.length + 2)
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
