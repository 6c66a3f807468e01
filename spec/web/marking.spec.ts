import { expect } from 'chai'
import { markedWith } from '../../frontend-app/src/marking.ts'

describe('the tags of a recording, in the dashboard', () => {
  it('stay where the list to choose from does not go that far', () => {
    const of = { listed: ['a', 'b', 'c'], before: ['a', 'z', 'b'] }
    expect(markedWith(['a', 'b', 'c'], of)).to.have.members(['a', 'b', 'c', 'z'])
    expect(markedWith([], of)).to.deep.equal(['z'])
    expect(markedWith(['c'], { ...of, before: [] })).to.deep.equal(['c'])
  })
})
