import { expect } from 'chai'
import { randomUUID } from 'node:crypto'
import { expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const path = '/api/v1/audit/refusals'

describe('refusals', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  /** A day that nobody else writes to. */
  const day = '2001-02-03'
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    const events = Array.from({ length: 1203 }, (_, i) => ({
      id: randomUUID(),
      type: i % 2 ? 'LoginRefused' : 'AccessRefused',
      data: { i, path: '=cmd', address: 'd', refused_at: `${day}T00:00:00.000Z`, password_hash: 'never' },
      metadata: {
        schema: 1,
        $correlationId: randomUUID(),
        actor: { kind: 'user', id: facility.user.id },
        ...(i % 100 === 0 && { facility_id: facility.id }),
      },
    }))
    await system.store.append(`refusal-${day}`, events, 'no_stream')
  })
  const numbers = (body: any): number[] => body.items.map(({ data }: any) => data.i)

  it('say who was turned away at what, newest first, by the cursor each exactly once', async () => {
    const { body } = await system.admin.get(`${path}?day=${day}&per_page=2`)
    expect(numbers(body)).to.deep.equal([1202, 1201])
    expect(body.items[0]).to.deep.include({ action: 'AccessRefused', at: `${day}T00:00:00.000Z`, facility_id: null })
    expect(body.items[0].actor).to.deep.equal({ kind: 'user', id: facility.user.id, name: 'user' })
    expect(body.items[0].data).to.deep.equal({ i: 1202, path: '=cmd', address: 'd', refused_at: body.items[0].at })
    const found: number[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: any = (await system.admin.get(`${path}?day=${day}&per_page=97${cursor && `&cursor=${cursor}`}`)).body
      found.push(...numbers(page))
      cursor = page.next_cursor
    }
    expect(found).to.deep.equal(Array.from({ length: 1203 }, (_, i) => 1202 - i))
    expect(numbers((await system.admin.get(`${path}?day=${day}&action=LoginRefused&per_page=3`)).body)).to.deep.equal([
      1201, 1199, 1197,
    ])
    expect((await system.admin.get(`${path}?day=1999-01-01`)).body).to.deep.equal({ items: [], next_cursor: null })
  })

  it('are those of their own facility for a facility_admin, and nobody’s for others', async () => {
    const { body } = await facility.facilityAdmin.api.get(`${path}?day=${day}&per_page=100`)
    expect(numbers(body)).to.deep.equal(Array.from({ length: 13 }, (_, i) => 1200 - 100 * i))
    const other = await newFacility(system)
    expect((await other.facilityAdmin.api.get(`${path}?day=${day}`)).body.items).to.deep.equal([])
    expectProblem(await facility.user.api.get(path), 403, 'forbidden')
    expectProblem(await facility.sensor.get(path), 403, 'forbidden')
    expectProblem(await system.as({}).get(path), 401, 'unauthenticated')
  })

  it('tell of a login with a wrong password, today', async () => {
    const email = `${unique('nobody')}@example.test`
    expectProblem(await system.as({}).post('/api/auth/login', { email, password: 'x' }), 401, 'invalid_credentials')
    const items = await eventually(async () => {
      const { body } = await system.admin.get(`${path}?action=LoginRefused`)
      expect(body.items.map(({ data }: any) => data.reason)).to.include('unknown')
      return body.items
    })
    expect(JSON.stringify(items)).to.not.include(email)
  })

  it('refuse what is no day, no action and no cursor', async () => {
    for (const query of [
      'day=yesterday',
      'day=2026-02-30',
      'action=Other',
      'cursor=-1',
      'cursor=x',
      'per_page=0',
      'per_page=',
      'x=1',
    ])
      expectProblem(await system.admin.get(`${path}?${query}`), 400, 'invalid_request')
  })
})
