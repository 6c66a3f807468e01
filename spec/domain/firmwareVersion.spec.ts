import { expect } from 'chai'
import fc from 'fast-check'
import semver from 'semver'
import { precedenceOf } from '../../domain/firmwareVersion.ts'

/** In the order of https://semver.org, item 11, and beyond. */
const ascending = [
  ...['0.0.1', '0.9.0', '0.10.0', '1.0.0-0', '1.0.0-2', '1.0.0-11', `1.0.0-${'9'.repeat(100)}`, '1.0.0--'],
  ...['1.0.0-alpha', '1.0.0-alpha.1'],
  ...['1.0.0-alpha.beta', '1.0.0-alpha-', '1.0.0-alpha0', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1'],
  ...['1.0.0', '1.0.1', '1.2.0', '1.11.0', '2.0.0', '10.0.0', '100.0.0'],
]

const below = (a: string, b: string) => {
  const [left, right] = [precedenceOf(a)!, precedenceOf(b)!]
  return left < right ? -1 : left > right ? 1 : 0
}

describe('the precedence of versions', () => {
  it('is that of semantic versions', () => {
    for (const [i, a] of ascending.entries())
      for (const [j, b] of ascending.entries()) {
        expect(below(a, b), `${a} and ${b}`).to.equal(Math.sign(i - j))
        expect(semver.compare(a, b), `${a} and ${b}, as others have it`).to.equal(Math.sign(i - j))
      }
  })

  it('is that of semantic versions, whichever they are', () => {
    const number = fc.oneof(fc.nat(20), fc.nat()).map(String)
    const word = fc.stringMatching(/^[0-9A-Za-z-]{0,3}[A-Za-z-]$/)
    const before = fc.array(fc.oneof(number, word), { maxLength: 3 })
    const version = fc
      .tuple(number, number, number, before)
      .map(([a, b, c, steps]) => `${a}.${b}.${c}${steps.length > 0 ? `-${steps.join('.')}` : ''}`)
    fc.assert(
      fc.property(version, version, fc.boolean(), (a, b, sameRelease) => {
        const other = sameRelease ? `${a.split('-')[0]}-${b.split('-').slice(1).join('-') || '0'}` : b
        expect(below(a, other), `${a} and ${other}`).to.equal(semver.compare(a, other))
      }),
      { numRuns: 5000 },
    )
  })

  it('does not heed what was built of them, nor a v before them', () => {
    for (const same of ['1.2.3+build.7', 'v1.2.3', '1.2.3'])
      expect(precedenceOf(same), same).to.equal(precedenceOf('1.2.3'))
  })

  for (const none of ['', '1', '1.2', '1.2.3.4', '01.2.3', 'latest', '1.2.x', ' 1.2.3', '1.2.3-', '１.2.3'])
    it(`is unknown of “${none}”`, () => expect(precedenceOf(none)).to.equal(null))
})
