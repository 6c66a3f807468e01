import { expect } from 'chai'
import { createPasswords } from '../../ops/platform/passwords.ts'
import type { Problem } from '../../ops/platform/route.ts'

describe('passwords', () => {
  const outcome = (hashing: Promise<unknown>) =>
    hashing.then(
      () => 'done',
      (error: Problem) => `${error.code} ${error.headers['Retry-After']}`,
    )

  it('are hashed for whoever is in one at a time: others go between, and more than so many are refused', async () => {
    const passwords = await createPasswords(1, { most: 3, mostOfAsker: 10 })
    const order: string[] = []
    const asked = (who: string) => passwords.hash('a good password', who).then(() => order.push(who))
    const many = Array.from({ length: 13 }, () => outcome(asked('busy')))
    const others = [
      passwords.matches(undefined, 'somebody who logs in').then(() => order.push('login')),
      asked('another'),
    ]
    await Promise.all(others)
    expect(order.filter((who) => who === 'busy').length, order.join(' ')).to.be.at.most(3)
    const told = await Promise.all(many)
    expect(told.filter((one) => one === 'done')).to.have.length.within(10, 11)
    expect(told.filter((one) => one === 'rate_limited 2')).to.have.length.within(2, 3)
    expect(await outcome(asked('busy')), 'once those are done').to.equal('done')
  })

  it('of whoever is not in yet are refused when too many wait', async () => {
    const passwords = await createPasswords(1, { most: 3, mostOfAsker: 10 })
    const told = await Promise.all(Array.from({ length: 6 }, () => outcome(passwords.matches(undefined, 'guess'))))
    expect(told.filter((one) => one === 'rate_limited 2')).to.have.length.within(2, 3)
  })
})
