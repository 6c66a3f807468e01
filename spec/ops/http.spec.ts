import { expect } from 'chai'
import type { IncomingHttpHeaders } from 'node:http'
import { derivedId, type Outcome } from '../../commands/handle.ts'
import { actorOf, answered, aside, intentOf, problemOf, systemIntent } from '../../commands/http.ts'
import { Refusal } from '../../domain/refusal.ts'
import { RevisionConflict, StreamGone, Unavailable } from '../../ops/platform/eventStoreErrors.ts'
import { type Caller, notFound, Problem, statusOf, statusOfProblem } from '../../ops/platform/route.ts'
import { frozen } from '../domain/frozen.ts'

const ada: Caller = { kind: 'user', id: 'ada', session_id: 's1', role: 'facility_admin', facility_id: 'f1' }
const sensor: Caller = { kind: 'device', id: 'ada', key_id: 'k1', facility_id: 'f1', scopes: ['upload'] }
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const requestId = '0b1c2d3e-0000-4000-8000-000000000001'

type Asked = Parameters<typeof intentOf>[0]
const intent = (changes: Partial<Asked> = {}, headers: IncomingHttpHeaders = {}) =>
  intentOf({
    headers,
    caller: ada,
    method: 'POST',
    path: '/api/v1/facilities',
    body: { name: 'Incheon' },
    requestId,
    exempt: false,
    digest: (text) => `digest of ${text}`,
    ...changes,
  })
const keyed = (changes: Partial<Asked> = {}, key = 'k-1') =>
  intent({ changes: 'creation', ...changes }, { 'idempotency-key': key })
const code = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    return (error as Problem).code
  }
  return undefined
}

describe('the intent of a request', () => {
  describe('with an Idempotency-Key', () => {
    it('is the same command when it is repeated, wherever it arrives', () => {
      expect(keyed().id).to.equal(keyed({ requestId: '0b1c2d3e-0000-4000-8000-000000000009' }).id)
      expect(keyed().id).to.match(uuid)
      // Stored in the log as the cause of events: the same for ever.
      expect(keyed().id).to.equal('5e1d00e7-a93e-5d26-a93d-f9f670e6f748')
    })
    it('is the same command for another body, so that the clash is seen', () => {
      expect(keyed({ body: { name: 'Busan' } }).id).to.equal(keyed().id)
      expect(keyed({ body: { name: 'Busan' } }).hash).not.to.equal(keyed().hash)
    })
    it('is another command on another path, by another method, under another key, and for another caller', () => {
      const others = [
        keyed({ path: '/api/v1/devices' }),
        keyed({ method: 'PATCH' }),
        keyed({}, 'k-2'),
        keyed({ caller: { ...ada, id: 'bob' } }),
        keyed({ caller: sensor }),
        keyed({ caller: { kind: 'anonymous' } }),
      ]
      expect(new Set([keyed(), ...others].map(({ id }) => id)).size).to.equal(others.length + 1)
    })
    it('is the same command in another session of the same person', () =>
      expect(keyed({ caller: { ...ada, session_id: 's2' } }).id).to.equal(keyed().id))
    it('is nothing special where keys are left alone', () =>
      expect(keyed({ exempt: true }).id)
        .to.match(uuid)
        .and.not.equal(keyed({ exempt: true }).id))
    it('is refused when the key is empty or long', () => {
      expect(code(() => keyed({}, ''))).to.equal('invalid_request')
      expect(code(() => keyed({}, 'k'.repeat(256)))).to.equal('invalid_request')
      expect(code(() => keyed({}, 'k'.repeat(255)))).to.equal(undefined)
    })
  })

  it('is a command of its own without one', () => expect(intent().id).to.match(uuid).and.not.equal(intent().id))

  it('has a digest of the body that does not depend on the order of its keys', () => {
    const one = { name: 'Incheon', at: { floor: 2, room: [1, { a: 1, b: 2 }] } }
    const same = { at: { room: [1, { b: 2, a: 1 }], floor: 2 }, name: 'Incheon' }
    const hash = (body: unknown) => intent({ body, changes: 'creation' }).hash
    expect(hash(frozen(one))).to.equal(hash(same))
    const other = { name: 'Incheon', at: { floor: 2, room: [{ a: 1, b: 2 }, 1] } }
    expect(hash(other)).not.to.equal(hash(one))
    expect(intent({ body: one }).hash, 'of a read').to.equal('')
  })
  it('has digests that tell bodies apart', () => {
    const bodies = [
      undefined,
      null,
      '',
      0,
      false,
      {},
      [],
      { a: null },
      { a: [] },
      { a: {} },
      '{}',
      JSON.parse('{"__proto__":1}'),
    ]
    expect(new Set(bodies.map((body: unknown) => intent({ body, changes: 'creation' }).hash)).size).to.equal(
      bodies.length,
    )
  })
  it('never has the body itself in it, only the digest of it', () =>
    expect(JSON.stringify(intent({ body: { password: 'hunter2' }, digest: () => 'digested' }))).not.to.include(
      'hunter2',
    ))

  describe('with If-Match', () => {
    const expecting = (header?: string, changes: 'change' | 'creation' | undefined = 'change') =>
      intent(changes ? { changes } : {}, header === undefined ? {} : { 'if-match': header })
    for (const [header, revision] of [
      ['"0"', 0],
      ['"3"', 3],
      ['W/"3"', 3],
      ['"123456789012345"', 123_456_789_012_345],
    ] as const)
      it(`${header} expects revision ${revision}`, () =>
        expect(expecting(header)).to.have.property('expected_revision', revision))
    it('* or without it expects none', () => {
      expect(expecting('*')).not.to.have.property('expected_revision')
      expect(expecting()).not.to.have.property('expected_revision')
    })
    for (const header of [
      '3',
      '"-1"',
      '"3", "4"',
      '""',
      '"three"',
      '"3',
      "'3'",
      '"1.5"',
      'w/"3"',
      '"1234567890123456"',
      '',
    ])
      it(`${header || '(empty)'} is refused`, () => expect(code(() => expecting(header))).to.equal('invalid_request'))
    it('expects nothing when it reads, where the tag is no revision', () => {
      const { expected_revision } = intent({}, { 'if-match': '"of a file"' })
      expect(expected_revision).to.equal(undefined)
    })
    it('is a conflict with what is not there yet', () =>
      expect(code(() => expecting('"0"', 'creation'))).to.equal('revision_conflict'))
    it('expects nothing of the streams that are written beside', () => {
      const { expected_revision, ...rest } = expecting('"3"')
      expect(aside(frozen({ ...rest, expected_revision: expected_revision! }))).to.deep.equal(rest)
    })
  })

  it('says who acts', () => {
    expect(intent().actor).to.deep.equal({ kind: 'user', id: 'ada' })
    expect(actorOf(sensor)).to.deep.equal({ kind: 'device', id: 'ada' })
    expect(actorOf({ kind: 'anonymous' })).to.deep.equal({ kind: 'system', id: 'anonymous' })
  })
  it('belongs to its request, whatever the request calls itself', () => {
    expect(intent().correlation_id).to.equal(requestId)
    const named = intent({ requestId: 'req 7' }).correlation_id
    expect(named)
      .to.match(uuid)
      .and.equal(intent({ requestId: 'req 7' }).correlation_id)
    expect(named).not.to.equal(intent({ requestId: 'req 8' }).correlation_id)
  })
  it('passes a traceparent on when it is one', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    expect(intent({}, { traceparent })).to.include({ traceparent })
    for (const wrong of ['', 'x', traceparent.toUpperCase(), `${traceparent}-00`, `${traceparent}\n`])
      expect(intent({}, { traceparent: wrong }), wrong).not.to.have.property('traceparent')
  })
})

describe('the intent of the system', () => {
  it('is the same command for the same words, and another for others', () => {
    expect(systemIntent('transcode', 'j1', '1')).to.deep.equal(systemIntent('transcode', 'j1', '1'))
    expect(systemIntent('transcode', 'j1', '1').actor).to.deep.equal({ kind: 'system', id: 'transcode' })
    const ids = [
      systemIntent('transcode', 'j1', '1'),
      systemIntent('transcode', 'j1', '2'),
      systemIntent('transcode', 'j11'),
      systemIntent('transcode', 'j1', '', '1'),
      systemIntent('reaction', 'j1', '1'),
    ]
    expect(new Set(ids.map(({ id }) => id)).size).to.equal(ids.length)
  })
  it('has ids that are derived alike by every version', () =>
    expect(derivedId('system', 'transcode', 'j1')).to.equal('82007623-2338-5c92-9e7b-82225cd3adbf'))
})

describe('an answer', () => {
  const outcome: Outcome<unknown> = { state: {}, revision: 4, position: 9_007_199_254_740_993n, repeated: false }
  it('carries the revision and the exact position', () =>
    expect(answered(201, outcome, { id: 'f1' }, { Location: '/f1' })).to.deep.equal({
      status: 201,
      body: { id: 'f1' },
      headers: { ETag: '"4"', 'Event-Position': '9007199254740993', Location: '/f1' },
    }))
})

describe('what went wrong', () => {
  const told = (error: unknown) => {
    const problem = problemOf(error)
    return [statusOfProblem(problem), problem.code, problem.message]
  }

  it('is told as it is when it is a problem', () => {
    const problem = new Problem('payload_too_large', 'A file has 5 bytes at most')
    expect(problemOf(problem)).to.equal(problem)
    expect(told(problem)).to.deep.equal([413, 'payload_too_large', 'A file has 5 bytes at most'])
  })
  it('is a conflict when the domain refused, under the domain’s code', () =>
    expect(told(new Refusal('device-decommissioned', 'Device XL-1 is decommissioned'))).to.deep.equal([
      409,
      'device_decommissioned',
      'Device XL-1 is decommissioned',
    ]))
  it('is not found when the domain does not know it, or it was erased, in the words for what is another facility’s', () => {
    for (const error of [new Refusal('facility-unknown', 'No such facility'), new StreamGone('userKey-1 is gone')])
      expect(told(error)).to.deep.equal([404, 'not_found', notFound().message])
  })
  it('asks to try again when a server is away', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' })
    const starting = Object.assign(new Error('the database system is starting up'), { code: '57P03' })
    const s3 = Object.assign(new Error('busy'), { code: 'ServiceUnavailable' })
    for (const error of [new Unavailable('The event store did not answer'), refused, starting, s3]) {
      expect(told(error)).to.deep.equal([503, 'unavailable', 'A server this needs is away; try again'])
      expect(problemOf(error).headers).to.deep.equal({ 'Retry-After': '2' })
    }
  })
  it('is a read model that does not have that yet, when a view or a column of it is not there', () => {
    for (const code of ['42P01', '42703']) {
      const error = Object.assign(new Error('secret_sha256: column does not exist'), { code })
      expect(told(error)).to.deep.equal([503, 'read_model_behind', 'This read model does not have that yet'])
      expect(problemOf(error).headers).to.deep.equal({ 'Retry-After': '5' })
    }
  })
  for (const [what, error] of Object.entries({
    'an error of ours': new TypeError('secret_sha256 of undefined at /srv/commands/apiKeys.ts'),
    'a conflict nobody handled': new RevisionConflict('user-1 has moved on'),
    'a fault of Postgres': Object.assign(new Error('syntax error at or near "secret_sha256"'), { code: '42601' }),
    'no error at all': 'secret_sha256',
    'an object': { secret_sha256: 'aa' },
    undefined: undefined,
    null: null,
  }))
    it(`is told without a word of its cause when it is ${what}`, () =>
      expect(told(error)).to.deep.equal([
        500,
        'internal',
        'Something went wrong here; the request id finds it in our log',
      ]))
  it('has one status a code, 409 where none is named', () => {
    for (const [code, status] of Object.entries(statusOf))
      expect(statusOfProblem(new Problem(code, 'so'))).to.equal(status)
    expect(statusOfProblem(new Problem('email_taken', 'so'))).to.equal(409)
  })
})
