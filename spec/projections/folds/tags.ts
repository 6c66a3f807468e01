import { tags } from '../../../projections/tags.ts'
import { uploads } from '../../../projections/uploads.ts'
import { at, type Event, id, later, promiseIn, type Scenario } from './folding.ts'
import { jobEvents } from './uploads.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

const tag = `tag-${id(71)}`
const tagCreated: Event = [tag, 'TagCreated', { facility_id: id(1), name: 'wind', created_at: at }]
const tagRow = { id: id(71), facility_id: id(1), name: 'wind', status: 'active', created_at: at }
promise(tags, 'shows a tag', [tagCreated], tagRow)
promise(
  tags,
  'shows its name as it is by now',
  [tagCreated, [tag, 'TagRenamed', { name: 'rain', renamed_at: later }]],
  {
    ...tagRow,
    name: 'rain',
  },
)
promise(tags, 'shows that it is gone', [tagCreated, [tag, 'TagDeleted', { deleted_at: later }]], {
  ...tagRow,
  status: 'deleted',
})
promise(uploads, 'shows nothing of a job whose upload is not there', jobEvents)
