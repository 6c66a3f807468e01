import { expect } from 'chai'
import { aggregates } from '../../domain/events.ts'
import { isLasting } from '../../domain/lasting.ts'

describe('what lasts', () => {
  it('is every event of ours but refusals, which expire, and the keys of people, which go with them', () => {
    const lasting = aggregates.map(({ category }) => category).filter((one) => isLasting(`${one}-1`, 'Happened'))
    expect(aggregates.map(({ category }) => category).filter((one) => !lasting.includes(one))).to.have.members(
      aggregates.map(({ category }) => category as string).filter((one) => ['refusal', 'userKey'].includes(one)),
    )
    expect(lasting).to.include.members(['user', 'facility', 'session', 'projection'])
    expect(isLasting('refusal-2026-11-26', 'LoginRefused')).to.equal(false)
    expect(isLasting('userKey-1', 'UserKeyCreated')).to.equal(false)
  })

  it('is also an event that is none of ours, but none of the event store’s own', () => {
    expect(isLasting('somebody', 'Happened')).to.equal(true)
    expect(isLasting('$$user-1', '$metadata')).to.equal(false)
    expect(isLasting('user-1', '$streamDeleted')).to.equal(false)
    expect(isLasting('$scavenges', 'Happened')).to.equal(false)
  })
})
