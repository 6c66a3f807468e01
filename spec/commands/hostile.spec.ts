import { connect } from 'node:net'
import { expect } from 'chai'
import type { Answered, Api } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import {
  bodyOf,
  type Described,
  hostileQueries,
  hostileValues,
  operationsOf,
  parametersIn,
  pathOf,
} from '../hostile.ts'
import { sampleOf } from '../journeys/samples.ts'
import { newFacility, type System, theSystem } from '../system.ts'

/** What fields of these names take. */
const fitting = {
  email: 'nobody@example.org',
  role: 'super_admin',
  position: '1',
  value: null,
  url: 'http://127.0.0.1:9',
}

/** What may have several lines: no header is ever made of it. */
const ofLines = ['password', 'notes']

describe('hostile input', function () {
  this.timeout(60_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let operations: Described[]
  let document: object
  /** With a key for everything that keys are for. */
  let sensor: Api
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
    const scopes = ['upload', 'firmware', 'heartbeat']
    const key = { name: 'all', facility_id: facility.id, device_id: facility.device.id, scopes }
    sensor = system.as({ 'X-API-Key': (await system.admin.post('/api/v1/api-keys', key)).body.api_key })
    const { body } = await system.admin.get('/api/openapi.json')
    document = body
    operations = operationsOf(body)
  })

  const appended = (act: () => Promise<void>) => appendedDuring(system.store, act)
  const asked = ({ operation }: Described): Api =>
    (operation['security'] as object[]).some((scheme) => 'token' in scheme) ? system.admin : sensor
  const send = (api: Api, { method, template }: Described, body: string): Promise<Answered> =>
    api[method.toLowerCase() as 'post' | 'put' | 'patch'](pathOf(template), body)
  const named = ({ method, template }: Described) => `${method} ${template}`

  function expectRefusal(answer: Answered, what: string) {
    expect(answer.status, `${what}: ${answer.bytes.toString().slice(0, 500)}`).to.be.within(400, 499)
    expect(answer.body?.code, what).to.match(/^[a-z_]+$/)
    expect(answer.bytes.toString(), what).not.to.match(/node_modules|at .*\.ts|select |postgres/i)
  }

  it('in every query parameter of every route is a 4xx, or finds nothing; and nothing is appended', async () => {
    let tried = 0
    const found = await appended(async () => {
      for (const one of operations.filter(({ method }) => method === 'GET'))
        for (const name of parametersIn(one, 'query'))
          for (const [what, value] of Object.entries(hostileQueries)) {
            const query = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
            const answer = await asked(one).get(`${pathOf(one.template)}?${query}`)
            const where = `${named(one)}?${name}= ${what}`
            tried++
            expect([...answer.headers.keys()], where).not.to.include('set-cookie')
            if (answer.status === 200) expect(answer.body?.items ?? [], where).to.deep.equal([])
            else expectRefusal(answer, where)
          }
    })
    expect(tried).to.be.above(300)
    expect(found).to.deep.equal([])
    expect((await system.admin.get('/api/v1/facilities?per_page=1')).body.items).to.have.length(1)
  })

  it('as query parameters that there are not, given twice, or as objects, is a 400', async () => {
    for (const one of operations.filter(({ method }) => method === 'GET'))
      for (const query of [
        '__proto__=x',
        '__proto__[role]=super_admin',
        'constructor[prototype][role]=x',
        'hasOwnProperty=1',
        ...parametersIn(one, 'query').flatMap((name) => [`${name}[$ne]=1`, `${name}[]=a`, `${name}=a&${name}=b`]),
      ]) {
        // What is public and takes no query is not asked for a resource.
        const answer = await asked(one).get(`${pathOf(one.template)}?${query}`)
        // Whoever comes with a token comes with no other right.
        const refusals = query.startsWith('token') ? [400, 401] : [400, 404]
        expect(answer.status, `${named(one)}?${query}`).to.be.oneOf(refusals)
        expectRefusal(answer, `${named(one)}?${query}`)
      }
  })

  it('in every field of every body is a 4xx; and nothing is appended', async () => {
    let tried = 0
    const found = await appended(async () => {
      for (const one of operations) {
        const schema = bodyOf(one)
        if (!schema) continue
        const names = [...Object.keys(schema['properties'] ?? {}), '__proto__', 'constructor', 'toString']
        for (const name of names)
          for (const [what, value] of Object.entries(hostileValues)) {
            if (ofLines.includes(name) && what === 'lines of a header') continue
            // These may say whatever they like, as long as it is an object.
            if (['metadata', 'params'].includes(name) && ['a constructor that pollutes', 'an operator'].includes(what))
              continue
            const { [name]: _, ...others } = sampleOf({ schema, document }, fitting) as Record<string, unknown>
            const fields = Object.entries(others).map(([field, sample]) => `"${field}":${JSON.stringify(sample)}`)
            const answer = await send(asked(one), one, `{${[...fields, `"${name}":${value}`].join(',')}}`)
            tried++
            const where = `${named(one)} ${name}: ${what}`
            // All the rest of the body is in order. Whoever guesses at passwords and tokens is told no more than that.
            expect(answer.status, where).to.be.oneOf(
              one.template.startsWith('/api/auth/') ? [400, 401, 413] : [400, 413],
            )
            expectRefusal(answer, where)
          }
      }
    })
    expect(tried).to.be.above(300)
    expect(found).to.deep.equal([])
  })

  it('as a whole body is a 4xx: 1 MiB of text, thousands of levels, no object, no JSON', async () => {
    const bodies = [
      `"${'x'.repeat(1 << 20)}"`,
      `{"name":"${'x'.repeat(1 << 20)}"}`,
      '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000),
      '[]',
      'null',
      '"text"',
      '{"a":1',
      '\u0000',
    ]
    const found = await appended(async () => {
      for (const one of operations.filter((each) => bodyOf(each) !== undefined))
        for (const body of bodies)
          expectRefusal(await send(asked(one), one, body), `${named(one)} ${body.slice(0, 20)}`)
    })
    expect(found).to.deep.equal([])
  })

  it('in a path is a 404 or a 400', async () => {
    for (const one of operations.filter(({ template }) => template.includes('{')))
      for (const value of [`' or 1=1 --`, 'a\0b', '../../x', '__proto__', 'x'.repeat(4000), '%'].map(
        encodeURIComponent,
      )) {
        const path = one.template.replace(/\{\w+\}/g, value)
        const answer = await asked(one)[one.method.toLowerCase() as 'get'](path)
        expect(answer.status, `${one.method} ${path.slice(0, 200)}`).to.be.oneOf([400, 404, 415])
      }
  })

  it('in the headers that routes read is a 400, or as if it were not there', async () => {
    const headers: [string, string][] = [
      ['If-Match', `"0' or 1=1"`],
      ['If-Match', '"99999999999999999999"'],
      ['Idempotency-Key', 'k'.repeat(5000)],
      ['Read-After', `1; drop table projections`],
      ['Read-After', '-1'],
      ['X-Request-Id', '<script>'],
      ['traceparent', `00-${'x'.repeat(55)}`],
      ['Authorization', 'Bearer null'],
    ]
    const found = await appended(async () => {
      for (const [name, value] of headers)
        for (const one of operations.filter(({ template }) => template.startsWith('/api/v1/facilities'))) {
          const path = pathOf(one.template)
          const answer = await (one.method === 'GET'
            ? system.admin.get(path, { [name]: value })
            : system.admin[one.method.toLowerCase() as 'post'](path, '{}', { [name]: value }))
          expect(answer.status, `${named(one)} ${name}: ${value}`).to.be.oneOf([200, 400, 401, 404])
          expect(answer.headers.get('X-Request-Id')).to.match(/^[\w.:-]{1,128}$/)
        }
    })
    expect(found).to.deep.equal([])
  })

  it('on the wire is refused before any route sees it: lines within headers, headers without end', async () => {
    const found = await appended(async () => {
      for (const header of [
        'X-Request-Id: a\rSet-Cookie: b=c',
        'X-Request-Id: a\0b',
        'Content-Length: 4\r\nTransfer-Encoding: chunked',
        'Content-Length: 4\r\nContent-Length: 5',
        `X-Long: ${'x'.repeat(64 * 1024)}`,
      ])
        expect(await raw(`POST /api/v1/facilities HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n{}\r\n`), header).to.match(
          /^HTTP\/1\.1 4\d\d /,
        )
    })
    expect(found).to.deep.equal([])
  })

  /** What the server says to these bytes until it hangs up. */
  function raw(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(system.url).port), '127.0.0.1', () => socket.write(bytes))
      let text = ''
      socket.on('data', (chunk) => (text += chunk.toString()))
      socket.on('close', () => resolve(text))
      socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)))
    })
  }

  it('that is only text is kept as it is, and does nothing', async () => {
    const name = `Robert'); drop table facilities_v1; -- <script>alert(1)</script> \${7*7} {{7*7}} %00 $1`
    const made = await system.admin.patch(`/api/v1/facilities/${facility.id}`, { name })
    expect(made.body.name).to.equal(name)
    const read = await system.admin.get(`/api/v1/facilities/${facility.id}`, {
      'Read-After': made.headers.get('Event-Position')!,
    })
    expect(read.body.name).to.equal(name)
    const { items } = (await system.admin.get(`/api/v1/facilities?q=${encodeURIComponent(name.slice(0, 60))}`)).body
    expect(items.map(({ id }: { id: string }) => id)).to.deep.equal([facility.id])
  })
})
