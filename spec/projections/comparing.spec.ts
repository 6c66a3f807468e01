import { expect } from 'chai'
import { connectAlone } from '../../ops/platform/database.ts'
import { projections } from '../../projections/all.ts'
import { check } from '../../projections/engine/check.ts'
import { diff } from '../../projections/engine/diff.ts'
import { eventually } from '../eventually.ts'
import { idOf, nextOf, projectionsUnderTest } from './underTest.ts'

const never = () => false

describe('comparing read models', function () {
  this.timeout(30_000)
  const tested = projectionsUnderTest()
  const { caughtUp, group, old, rows, stateOf, today, withNext } = tested

  it('can be compared with the one that is read, down to the events that make the difference', async () => {
    await today()
    // A column that nobody has anything in yet is no difference.
    await rows('create table facilities_v2 (like facilities_v1 including all, empty text)')
    const louder = nextOf('facilities', (one) => ({
      on: {
        ...one.on,
        FacilityRenamed: (row, { data }) => ({
          ...row,
          name: data.name.endsWith('7\\n') ? `${data.name}!` : data.name,
        }),
      },
    }))
    group(withNext(louder), { retired: old('facilities'), promotes: 'manual' })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
    const client = await connectAlone(tested.connections.config.DATABASE_URL, () => undefined)
    const position = await tested.connections.store.head()
    const difference = await diff({
      client,
      store: tested.connections.store,
      before: old('facilities')[0]!,
      after: louder,
      position,
      skipped: never,
      samples: 2,
    })
    await client.end()
    const differing = Math.floor((tested.facilities - 8) / 10) + 1
    expect(difference).to.deep.include({
      added: 0,
      removed: 0,
      changed: differing,
      fields: [{ field: 'name', rows: differing }],
    })
    expect(difference.samples).to.have.length(2)
    for (const { id, kind, fields, since } of difference.samples) {
      expect([kind, since]).to.deep.equal(['changed', `FacilityRenamed 1@facility-${id}`])
      expect(fields).to.have.length(1)
      expect(fields[0]!.after).to.equal(`${String(fields[0]!.before)}!`)
    }
  })

  it('leaves nothing that the whole log, folded anew, does not say', async () => {
    await today()
    group(projections)
    await caughtUp()
    const checked = () =>
      check({
        databaseUrl: tested.connections.config.DATABASE_URL,
        store: tested.connections.store,
        projections,
        signal: new AbortController().signal,
        onProgress: () => undefined,
      })
    for (const { name, drift, fault } of await checked()) {
      expect(fault, name).to.equal(undefined)
      expect([drift.added, drift.removed, drift.changed], name).to.deep.equal([0, 0, 0])
    }
    const [wrong, gone, extra] = [idOf('facility 3'), idOf('facility 4'), idOf('nobody')]
    await rows(`update facilities_v1 set timezone = 'Mars' where id = $1`, [wrong])
    await rows(`delete from facilities_v1 where id = $1`, [gone])
    await rows(
      `insert into facilities_v1 select $1, name, code, timezone, address, status, created_at from facilities_v1 where id = $2`,
      [extra, wrong],
    )
    const [lost] = await rows<object>(
      `delete from resource_events_v3 where ctid in (select ctid from resource_events_v3 limit 1) returning *`,
    )
    const found = new Map((await checked()).map(({ name, drift }) => [name, drift]))
    const { added, removed, changed, samples } = found.get('facilities')!
    expect({ added, removed, changed }).to.deep.equal({ added: 1, removed: 1, changed: 1 })
    expect(samples.find(({ id }) => id === wrong)!.fields).to.deep.equal([
      { field: 'timezone', before: 'Mars', after: 'Asia/Seoul' },
    ])
    expect(samples.map(({ id, kind }) => [id, kind])).to.have.deep.members([
      [wrong, 'changed'],
      [gone, 'added'],
      [extra, 'removed'],
    ])
    expect(found.get('resource_events')).to.deep.include({ added: 1, removed: 0 })
    await rows(`insert into resource_events_v3 select * from jsonb_populate_record(null::resource_events_v3, $1)`, [
      JSON.stringify(lost),
    ])
  })
})
