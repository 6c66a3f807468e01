import { expect } from 'chai'
import { createLoginThrottle, type ThrottleLimits } from '../../ops/platform/loginThrottle.ts'
import { Problem } from '../../ops/platform/route.ts'
import { eventually } from '../eventually.ts'

const limits: ThrottleLimits = {
  ...{ perAccount: 3, perHotAccount: 1, hotAccount: 10, perAddress: 6 },
  ...{ windowSecs: 3600, longestWaitSecs: 60 },
}
const at = (account: string, address: string) => ({ account, address })

describe('the throttle of logins', () => {
  /** How many seconds the next try has to wait; 0: it is heard. */
  function throttle(more: Partial<ThrottleLimits> = {}) {
    const made = createLoginThrottle({ ...limits, ...more })
    const waits = async (account: string, address: string) => {
      try {
        await made.admit(at(account, address))
        return 0
      } catch (error) {
        expect(error).to.be.instanceOf(Problem).and.include({ code: 'rate_limited' })
        return Number((error as Problem).headers['Retry-After'])
      }
    }
    const fail = async (times: number, account: string, address: string) => {
      let last
      for (let i = 0; i < times; i++) last = await made.failed(at(account, address))
      return last
    }
    return { ...made, waits, fail }
  }

  it('hears a few wrong passwords, and then has each next one wait twice as long', async () => {
    const { fail, waits } = throttle()
    expect(await fail(2, 'ada', 'here')).to.equal(undefined)
    expect(await waits('ada', 'here')).to.equal(0)
    for (const [failures, wait_secs] of [
      [3, 1],
      [4, 2],
      [5, 4],
      [6, 8],
    ] as const) {
      expect(await fail(1, 'ada', 'here')).to.include({ failures, wait_secs })
      expect(await waits('ada', 'here')).to.equal(wait_secs)
    }
  })

  it('never has anybody wait longer than the longest wait', async () => {
    const { fail, waits } = throttle()
    await fail(500, 'ada', 'here')
    expect(await waits('ada', 'here')).to.equal(60)
  })

  it('keeps nobody out by what others do from elsewhere, however many and however long', async () => {
    const { fail, waits } = throttle()
    for (let i = 0; i < 50; i++) await fail(5, 'ada', `attacker ${i}`)
    expect(await waits('ada', 'home')).to.equal(0)
    expect(await waits('bob', 'home')).to.equal(0)
  })

  it('hears an account that is tried from everywhere once an address', async () => {
    const { fail, waits } = throttle()
    await fail(1, 'ada', 'fresh')
    expect(await waits('ada', 'fresh')).to.equal(0)
    for (let i = 0; i < 10; i++) await fail(1, 'ada', `attacker ${i}`)
    await fail(1, 'ada', 'another')
    expect(await waits('ada', 'another')).to.be.greaterThan(0)
    expect(await waits('bob', 'another')).to.equal(0)
  })

  it('has an address wait that tries one account after the other', async () => {
    const { fail, waits } = throttle()
    for (let i = 0; i < 6; i++) await fail(1, `account ${i}`, 'here')
    expect(await waits('yet another', 'here')).to.equal(1)
    expect(await waits('yet another', 'elsewhere')).to.equal(0)
  })

  it('forgets what a person typed wrong once they are in, and nothing of the address', async () => {
    const { fail, succeeded, waits } = throttle()
    await fail(2, 'ada', 'here')
    await succeeded(at('ada', 'here'))
    await fail(2, 'ada', 'here')
    expect(await waits('ada', 'here')).to.equal(0)
    await fail(2, 'bob', 'here')
    expect(await waits('ada', 'here'), 'six from one address').to.equal(1)
  })

  it('hears them again when the time is over', async () => {
    const { fail, waits } = throttle()
    await fail(3, 'ada', 'here')
    expect(await waits('ada', 'here')).to.equal(1)
    await eventually(async () => expect(await waits('ada', 'here')).to.equal(0), 2000)
  })
})
