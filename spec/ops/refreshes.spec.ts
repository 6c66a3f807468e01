import { expect } from 'chai'
import type { Recorded } from '../../ops/platform/eventStore.ts'
import { rememberRefreshes } from '../../ops/server/refreshes.ts'

const event = (position: bigint, refresh_id: string, type = 'SessionRefreshed') =>
  ({ type, position, data: { refresh_id } }) as unknown as Recorded

describe('what an instance remembers of refreshes', () => {
  let steady: number
  let wall: number
  let isCurrent: boolean
  let refreshes: ReturnType<typeof rememberRefreshes>
  beforeEach(() => {
    ;[steady, wall, isCurrent] = [0, 1e12, true]
    refreshes = rememberRefreshes({ isCurrent: () => isCurrent, clock: () => ({ steady, wall }) })
    refreshes.startAfter(10n)
  })
  const pass = (ms: number) => ([steady, wall] = [steady + ms, wall + ms])
  const problemOf = (ask: () => unknown) => {
    try {
      return ask()
    } catch (error) {
      return (error as { code: string }).code
    }
  }

  it('is when it heard of them, for five seconds', () => {
    refreshes.hear(event(11n, 'a'), true)
    pass(4999)
    expect(refreshes.isYoung('a', 11n)).to.equal(true)
    pass(1)
    expect(refreshes.isYoung('a', 11n)).to.equal(false)
  })

  it('is when it began one itself, until it hears of it', () => {
    refreshes.making('a')
    pass(4999)
    isCurrent = false
    expect(refreshes.isYoung('a', 11n)).to.equal(true)
    refreshes.hear(event(11n, 'a'), true)
    pass(4999)
    expect(refreshes.isYoung('a', 11n)).to.equal(true)
    pass(1)
    isCurrent = true
    expect(refreshes.isYoung('a', 11n)).to.equal(false)
  })

  it('is, of one that is on its way, that it has just happened: for five seconds too', () => {
    expect(refreshes.isYoung('a', 11n)).to.equal(true)
    pass(4999)
    expect(refreshes.isYoung('a', 11n)).to.equal(true)
    pass(1)
    expect(refreshes.isYoung('a', 11n)).to.equal(false)
  })

  it('is nothing of what happened before it listened, or what it read later than it happened', () => {
    expect(refreshes.isYoung('before', 10n)).to.equal(false)
    refreshes.hear(event(11n, 'late'), false)
    expect(refreshes.isYoung('late', 11n)).to.equal(false)
  })

  it('does for no answer while it hears nothing, but of its own', () => {
    isCurrent = false
    refreshes.making('own')
    expect(refreshes.isYoung('own', 12n)).to.equal(true)
    for (const position of [9n, 12n])
      expect(problemOf(() => refreshes.isYoung('other', position))).to.equal('unavailable')
  })

  it('is told of every event how far it has heard', () => {
    refreshes.hear(event(12n, '', 'SessionEnded'), true)
    expect(refreshes.isYoung('a', 11n)).to.equal(false)
    expect(refreshes.isYoung('b', 13n)).to.equal(true)
  })

  it('is over where the machine slept, or its clock was set meanwhile', () => {
    for (const ms of [5000, -5000]) {
      refreshes.making('a')
      wall += ms
      expect(refreshes.isYoung('a', 9n)).to.equal(false)
    }
  })

  it('is nothing of another log', () => {
    refreshes.hear(event(11n, 'a'), true)
    refreshes.startAfter(undefined)
    refreshes.hear(event(11n, 'b'), true)
    expect(refreshes.isYoung('a', 11n)).to.equal(false)
    expect(refreshes.isYoung('b', 11n)).to.equal(true)
  })

  it('is the newest sixty thousand at most', () => {
    for (let i = 0; i < 60_001; i++) refreshes.hear(event(BigInt(11 + i), `r${i}`), true)
    expect(refreshes.isYoung('r0', 11n)).to.equal(false)
    for (const i of [1, 60_000]) expect(refreshes.isYoung(`r${i}`, BigInt(11 + i))).to.equal(true)
  })
})
