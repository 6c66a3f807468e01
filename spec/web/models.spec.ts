import { expect } from 'chai'
import { isKnown, labelOf, models, placeIn, telling, whyWaiting } from '../../frontend-app/src/models.ts'
import { models as catalogue } from '../../workers/models/catalogue.ts'

describe('models, in the dashboard', () => {
  it('are those that there are, with the parameters that they take', () => {
    const shown = Object.entries(models).map(([name, { params }]) => [name, params.map((one) => one.name)])
    const there = catalogue.map(({ name, params }) => [name, Object.keys(params.parse({}) as object)])
    expect(shown).to.deep.equal(there)
  })

  it('say the defaults that there are', () => {
    for (const { name, params } of catalogue)
      for (const [field, value] of Object.entries(params.parse({}) as object))
        expect(models[name as keyof typeof models].params.find((one) => one.name === field)!.description).to.match(
          new RegExp(`(^|\\s)${String(value)} unless you say`),
        )
  })

  it('have a name even where the page does not know them', () => {
    expect([labelOf('silero-vad'), labelOf('bats'), isKnown('bats')]).to.deep.equal(['Speech', 'bats', false])
  })

  it('show jobs that no result speaks for: open ones, and the last that ended without one since', () => {
    const job = (status: 'queued' | 'running' | 'failed' | 'cancelled' | 'succeeded', minute: number) => ({
      ...{ status, finished_at: status === 'queued' || status === 'running' ? null : `2026-11-01T10:0${minute}:00Z` },
    })
    const [queued, running] = [job('queued', 9), job('running', 1)]
    const [failed, cancelled, older] = [job('failed', 8), job('cancelled', 7), job('failed', 2)]
    const all = [queued, failed, cancelled, job('succeeded', 5), older, running]
    expect(telling(all, undefined)).to.deep.equal([queued, failed, running])
    expect(telling([cancelled, older], undefined)).to.deep.equal([cancelled])
    expect(telling([job('succeeded', 5), older], '2026-11-01T10:05:30.000Z')).to.deep.equal([])
    expect(telling([failed, older], '2026-11-01T10:05:30.000Z')).to.deep.equal([failed])
  })

  it('say why a job waits, and what in a result differs', () => {
    expect(whyWaiting({ waiting_for: 'server', position_in_queue: 1 })).to.match(
      /^The next in line\. No healthy server/,
    )
    expect(whyWaiting({ waiting_for: null, position_in_queue: 12 })).to.match(
      /^Number 12 in line\. It waits for its turn/,
    )
    expect(whyWaiting({ waiting_for: null, position_in_queue: null })).to.equal('It waits for its turn.')
    expect([placeIn('segments.3.end_secs'), placeIn('')]).to.deep.equal(['Segments 4 end secs', 'All of it'])
  })
})
