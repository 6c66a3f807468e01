import { expect } from 'chai'
import { consistently } from '../../packages/web-shared/src/api/consistent.ts'

describe('reading after writing, in a dashboard', () => {
  const origin = 'http://localhost'
  let sent: Request[]
  let clock: number
  let position: string
  let send: (method: string, path?: string) => Promise<unknown>
  beforeEach(() => {
    ;[sent, clock, position] = [[], 0, '41']
    const consistent = consistently(
      (request) => {
        sent.push(request)
        const headers = request.method === 'GET' ? {} : { 'Event-Position': position }
        return Promise.resolve(new Response('{}', { headers }))
      },
      () => clock,
    )
    send = (method, path = '/') =>
      consistent(new Request(origin + path, { method, ...(method === 'POST' && { body: '{}' }) }))
  })
  const header = (name: string) => sent.at(-1)!.headers.get(name)

  it('waits for what this page has written, the last of it', async () => {
    await send('GET')
    expect(header('Read-After')).to.equal(null)
    await send('PATCH')
    await send('GET')
    expect(header('Read-After')).to.equal('41')
    position = '9007199254740993'
    await send('DELETE')
    position = '7'
    await send('POST')
    await send('GET')
    expect(header('Read-After')).to.equal('9007199254740993')
  })

  it('asks no more for it after a while: a read model that stands still is shown as it is', async () => {
    await send('POST')
    clock = 60_000
    await send('GET')
    expect(header('Read-After')).to.equal(null)
  })

  it('gives every POST a key of its own', async () => {
    await send('POST')
    const first = header('Idempotency-Key')
    await send('POST')
    expect(first).to.be.a('string').with.lengthOf.above(16)
    expect(header('Idempotency-Key')).not.to.equal(first)
    await send('PATCH')
    expect(header('Idempotency-Key')).to.equal(null)
  })
})
