import * as Tag from '../../domain/tag.ts'
import { deciding } from './deciding.ts'

const { given } = deciding(Tag)

const at = '2026-11-26T09:00:00.000Z'
const data = { facility_id: 'f1', name: 'bearing', created_at: at }
const created: Tag.Event = { type: 'TagCreated', data }
const deleted: Tag.Event = { type: 'TagDeleted', data: { deleted_at: at } }
const abandoned: Tag.Event = { type: 'TagAbandoned', data: { abandoned_at: at } }
const renamed = (name: string): Tag.Event => ({ type: 'TagRenamed', data: { name, renamed_at: at } })

describe('a tag', () => {
  const rename = (name: string) => Tag.rename({ name, renamed_at: at })
  const remove = Tag.remove({ deleted_at: at })
  const abandon = Tag.abandon({ abandoned_at: at })

  it('is created once', () => given().when(Tag.create(data)).then(created))
  it('is never created again once deleted', () => given(created, deleted).when(Tag.create(data)).then())
  it('is renamed', () => given(created).when(rename('gear')).then(renamed('gear')))
  it('is not renamed to what it is called, which adds nothing', () => given(created).when(rename('bearing')).then())
  it('is deleted once', () => given(created).when(remove).then(deleted))
  it('is as if it were not there once deleted', () =>
    given(created, deleted).when(rename('gear')).refused('tag-unknown'))
  it('is abandoned when it never came', () => given().when(abandon).then(abandoned))
  it('is not abandoned when it came, which adds nothing', () => given(created).when(abandon).then())
  it('cannot come once it was abandoned', () =>
    given(abandoned).when(Tag.create(data)).refused('registration-abandoned'))
  for (const [what, decision] of Object.entries({ rename: rename('x'), remove }))
    it(`${what}: only when there is one`, () => given().when(decision).refused('tag-unknown'))
})
