import { expect } from 'chai'
import { personalFields } from '../../domain/events.ts'
import { isLasting } from '../../domain/lasting.ts'
import * as Refusals from '../../domain/refusals.ts'

const at = '2026-11-24T23:59:59.999Z'
const event: Refusals.Event = {
  type: 'LoginRefused',
  data: { reason: 'unknown', account: 'd1', address: 'd2', refused_at: at },
}

describe('refusals', () => {
  it('are written as they are, and counted', () => {
    expect(Refusals.record(event)(Refusals.initial)).to.deep.equal([event])
    expect(Refusals.evolve(Refusals.evolve(Refusals.initial))).to.deep.equal({ written: 2 })
  })
  it('have a stream a day, by UTC', () => expect(Refusals.dayOf(at)).to.equal('2026-11-24'))
  it('are not there to stay, and have nothing sealed in them', () => {
    const stored = { stream: 'refusal-2026-11-24', type: event.type, data: event.data }
    expect(isLasting(stored.stream, stored.type)).to.equal(false)
    expect(personalFields(stored)).to.equal(undefined)
  })
})
