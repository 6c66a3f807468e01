import { expect } from 'chai'
import { createLog } from '../../ops/platform/log.ts'

const token = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWl0'
const key = `xyl_${'0b'.repeat(16)}_${'s'.repeat(43)}0a1b2c3d`

describe('the log', () => {
  /** What one line of it says. */
  function told(fields: object, message = 'something happened'): string {
    let text = ''
    createLog('info', { write: (line) => void (text += line) }).info(fields, message)
    expect(text).to.include('happened')
    return text
  }

  for (const name of ['password', 'new_password', 'authorization', 'x-api-key', 'refresh_token', 'cookie', 'secret'])
    it(`tells no ${name}, however deep`, () => {
      for (const fields of [
        { [name]: 'hunter2' },
        { body: { [name]: 'hunter2' } },
        { request: { headers: { [name]: 'hunter2' } } },
        { error: Object.assign(new Error('so'), { config: { headers: { [name]: 'hunter2' } } }) },
      ])
        expect(told(fields)).to.include('[redacted]').and.not.include('hunter2')
    })

  it('tells no token, key or password of an address, wherever it stands', () => {
    const error = new Error(`Bearer ${token} was sent to postgres://xylolabs:hunter2@db:5432/x with ${key}`)
    const line = told({ error, url: `/api?token=${token}` }, `it happened to ${key} and ${token}`)
    expect(line).to.include('postgres://xylolabs:[redacted]@db:5432/x')
    for (const secret of [token, key, 'hunter2', 'c2lnbmF0dXJl']) expect(line).not.to.include(secret)
    expect(() => JSON.parse(line) as unknown).not.to.throw()
  })

  it('leaves alone what is no secret', () =>
    expect(told({ url: 'http://localhost:3000/a@b', id: '0b1c' })).to.include('http://localhost:3000/a@b'))

  it('tells nothing of a body that could not be parsed', () =>
    expect(told({ error: Object.assign(new Error('no JSON'), { body: '{"password":"hunter2' }) })).not.to.include(
      'hunter2',
    ))

  it('tells nothing of the rows that Postgres names in an error', () =>
    expect(
      told({ error: Object.assign(new Error('duplicate'), { detail: 'Key (email)=(ada@example.org)' }) }),
    ).not.to.include('ada@example.org'))

  it('tells of whatever is attached to an error, and never fails for it', () => {
    const circle: Record<string, unknown> = { at: 1n, bytes: Buffer.from('hunter2'), when: new Date(0) }
    circle['self'] = circle
    class Held {
      get never() {
        throw new Error('not to be looked at')
      }
    }
    const error = Object.assign(new Error('so'), { end: Buffer.alloc(32), circle, held: new Held(), list: [1, {}] })
    const { error: line } = JSON.parse(told({ error })) as { error: Record<string, any> }
    expect(line).to.include({ message: 'so', end: '32 bytes', held: '[Held]' })
    expect(line['circle']).to.include({ at: '1', bytes: '7 bytes', when: '1970-01-01T00:00:00.000Z' })
    expect(line['list']).to.deep.equal([1, {}])
  })

  it('tells a text that stands for an error as it is', () =>
    expect(JSON.parse(told({ error: 'away' }))).to.include({ error: 'away' }))
})
