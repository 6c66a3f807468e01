import { expect } from 'chai'
import * as BulkRetry from '../../domain/bulkRetry.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(BulkRetry)

const at = '2026-11-27T09:00:00.000Z'
const choice = (...job_ids: string[]) => ({ kind: 'transcodeJob', job_ids, chosen_at: at })
const made = (...job_ids: string[]): BulkRetry.Event => ({ type: 'FailedJobsChosen', data: choice(...job_ids) })

describe('the failed jobs that one command has tried again', () => {
  it('are chosen once', () =>
    given()
      .when(BulkRetry.choose(choice('a', 'b')))
      .then(made('a', 'b')))
  it('are never chosen anew, whatever has failed since', () =>
    given(made('a', 'b'))
      .when(BulkRetry.choose(choice('c')))
      .then())
  it('are known from then on', () => {
    expect(BulkRetry.chosen(stateAfter())).to.deep.equal([])
    expect(BulkRetry.chosen(stateAfter(made('a', 'b')))).to.deep.equal(['a', 'b'])
  })
})
