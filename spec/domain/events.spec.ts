import { expect } from 'chai'
import { splitStream, streamOf } from '../../domain/decider.ts'
import { aggregates, decodeFrom, personalFields } from '../../domain/events.ts'

const types = aggregates.flatMap(({ history }) => Object.keys(history))

describe('the events of the log', () => {
  it('have names of their own, in the past tense, that no other aggregate uses', () => {
    expect(new Set(types).size).to.equal(types.length)
    for (const type of types) expect(type).to.match(/^([A-Z][a-z]+){2,}$/)
  })

  it('lie in streams whose category has no dash, so that the id is what follows the first one', () => {
    for (const { category } of aggregates) expect(category).to.match(/^[a-z]+([A-Z][a-z]+)*$/)
    expect(new Set(aggregates.map(({ category }) => category)).size).to.equal(aggregates.length)
    expect(splitStream('facility-0b1c-2d')).to.deep.equal(['facility', '0b1c-2d'])
    expect(splitStream(streamOf({ category: 'apiKey' }, '0b1c-2d'))).to.deep.equal(['apiKey', '0b1c-2d'])
    expect(splitStream('settings')).to.deep.equal(['settings', ''])
  })

  it('are told from those of somebody else', () => {
    const stored = { type: 'FacilityRenamed', data: { name: 'Incheon', renamed_at: 'then' }, schema: 1 }
    expect(decodeFrom({ ...stored, stream: 'facility-1' })).to.deep.equal({ type: stored.type, data: stored.data })
    expect(decodeFrom({ ...stored, stream: 'somebodyElse-1' })).to.equal(undefined)
    expect(() => decodeFrom({ ...stored, stream: 'device-1' })).to.throw('device has no event FacilityRenamed')
  })

  // For ever: a field that was once written in plain text cannot be erased any more.
  it('seal what tells who a person is, under that person’s key', () => {
    const sealed = types.flatMap((type) => {
      const { category } = aggregates.find(({ history }) => type in history)!
      const found = personalFields({ stream: `${category}-s1`, type, data: { user_id: 'u1' } })
      return found ? [[type, ...found]] : []
    })
    expect(sealed).to.have.deep.members([
      ['UserRegistered', 's1', ['email', 'name', 'password_hash']],
      ['UserRenamed', 's1', ['name']],
      ['UserEmailChanged', 's1', ['email']],
      ['UserPasswordChanged', 's1', ['password_hash']],
      ['SessionStarted', 'u1', ['address', 'user_agent']],
    ])
    expect(personalFields({ stream: 'somebodyElse-1', type: 'UserRenamed', data: {} })).to.equal(undefined)
  })
})
