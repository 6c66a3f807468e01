import { expect } from 'chai'
import { z } from 'zod'
import { Id, ProblemDocument, type Route, route } from '../../ops/platform/route.ts'
import { described, openApiDocument } from '../../ops/server/openapi.ts'
import { operationIdOf } from '../../ops/server/openapi/naming.ts'
import { faultsOf } from '../openapi.ts'

const Thing = z.object({ id: z.uuid(), name: z.string() }).meta({ id: 'Thing' })
const run = () => Promise.reject(new Error('never called'))
const things: Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/devices',
    permission: 'device:read',
    query: z.object({ q: z.string().max(100).optional() }),
    reads: ['devices'],
    answers: { 200: z.object({ items: z.array(Thing) }) },
    run,
  }),
  route({
    method: 'POST',
    path: '/api/v1/devices',
    permission: 'device:create',
    body: z.strictObject({ name: z.string().max(20) }),
    answers: { 201: Thing, 409: ProblemDocument },
    run,
  }),
  route({
    method: 'POST',
    path: '/api/v1/devices/:id/reset-all',
    permission: 'device:change',
    params: Id,
    body: z.strictObject({}),
    answers: { 204: z.null() },
    run,
  }),
  route({
    method: 'GET',
    path: '/api/v1/devices/:id/sound',
    permission: 'public',
    params: Id,
    answers: { 200: z.string().meta({ contentMediaType: 'audio/*' }) },
    run,
  }),
  ...(['text/csv', 'application/x-ndjson'] as const).map((contentMediaType, i) =>
    route({
      method: 'GET',
      path: `/api/v1/devices.${['csv', 'ndjson'][i]}`,
      permission: 'device:read',
      answers: { 200: z.string().meta({ contentMediaType }) },
      run,
    }),
  ),
  route({
    method: 'POST',
    path: '/api/v1/uploads',
    permission: 'upload:create',
    multipart: z.strictObject({ title: z.string().optional() }),
    answers: { 201: Thing },
    run,
  }),
]

describe('the document of the API', () => {
  const document = openApiDocument(things) as any
  const operation = (method: string, path: string) => document.paths[path][method]
  const list = operation('get', '/api/v1/devices')
  const create = operation('post', '/api/v1/devices')
  const reset = operation('post', '/api/v1/devices/{id}/reset-all')
  const sound = operation('get', '/api/v1/devices/{id}/sound')
  const upload = operation('post', '/api/v1/uploads')
  const answer = ({ responses }: any, status: number) => {
    const found = responses[status]
    return found.$ref ? document.components.responses[found.$ref.split('/').at(-1)] : found
  }
  const statuses = ({ responses }: any) => Object.keys(responses)
  const parameters = ({ parameters }: any, where: string) =>
    (parameters ?? [])
      .map((one: any) => (one.$ref ? document.components.parameters[one.$ref.split('/').at(-1)] : one))
      .filter((one: any) => one.in === where)
      .map(({ name }: any) => name)

  it('has no fault that a linter finds', async () =>
    expect(await faultsOf(openApiDocument(described(things)))).to.deep.equal([]))

  it('names operations by what they do to what', () =>
    expect([list, create, reset, sound, upload].map(({ operationId }) => operationId)).to.deep.equal([
      'devices.list',
      'devices.create',
      'devices.resetAll',
      'devices.sound',
      'uploads.create',
    ]))

  it('names them by the path alone, for ever: what is generated from it has these names', () => {
    const paths = ['/api/v1/things', '/api/v1/things/:id', '/api/v1/things/:id/parts/:key', '/api/v1/things.csv']
    const named = (method: Route['method'], path: string) =>
      operationIdOf(
        { method, path },
        paths.map((one) => ({ path: one })),
      )
    for (const [method, path, operationId] of [
      ['GET', paths[0], 'things.list'],
      ['GET', paths[1], 'things.get'],
      ['PATCH', paths[1], 'things.change'],
      ['DELETE', paths[1], 'things.delete'],
      ['GET', '/api/v1/things/:id/parts', 'things.parts.list'],
      ['PUT', paths[2], 'things.parts.set'],
      ['GET', '/api/v1/things/:id/history', 'things.history'],
      ['POST', '/api/v1/things/retry-failed', 'things.retryFailed'],
      ['GET', paths[3], 'things.csv'],
    ] as const)
      expect(named(method, path!)).to.equal(operationId)
  })

  it('says who may, and with which credentials', () => {
    expect(list).to.deep.include({ 'x-permission': 'device:read', security: [{ token: [] }], tags: ['devices'] })
    expect(upload.security).to.deep.equal([{ token: [] }, { key: [] }])
    expect(upload.description).to.include('super_admin (any)').and.include('scope upload')
    expect(sound.security).to.deep.equal([])
  })

  it('has parameters by the very schemas that check them, and the headers of its kind', () => {
    expect(parameters(list, 'query')).to.deep.equal(['q'])
    expect(list.parameters[0].schema).to.deep.include({ type: 'string', maxLength: 100 })
    expect(parameters(reset, 'path')).to.deep.equal(['id'])
    expect(parameters(list, 'header')).to.deep.equal(['Read-After'])
    expect(parameters(create, 'header')).to.deep.equal(['Idempotency-Key', 'If-Match'])
    expect(parameters(sound, 'header')).to.deep.equal(['Range', 'If-Range', 'If-None-Match'])
  })

  it('has bodies: JSON, none that is needed, or a form with a file', () => {
    expect(create.requestBody).to.deep.include({ required: true })
    expect(create.requestBody.content['application/json'].schema).to.deep.include({
      properties: { name: { type: 'string', maxLength: 20 } },
      required: ['name'],
      additionalProperties: false,
    })
    expect(reset.requestBody.required).to.equal(false)
    const form = upload.requestBody.content['multipart/form-data'].schema
    expect(Object.keys(form.properties)).to.deep.equal(['title', 'file'])
    expect(form.required).to.deep.equal(['file'])
  })

  it('has every answer, the problems of the door included', () => {
    expect(statuses(list)).to.deep.equal(['200', '400', '401', '403', '429', '503', 'default'])
    expect(statuses(create)).to.deep.equal([
      '201',
      '400',
      '401',
      '403',
      '404',
      '409',
      '412',
      '413',
      '415',
      '429',
      '503',
      'default',
    ])
    expect(statuses(sound)).to.deep.equal(['200', '304', '400', '404', '416', '429', '503', 'default'])
    expect(Object.keys(answer(list, 200).content)).to.deep.equal(['application/json'])
    expect(Object.keys(answer(list, 400).content)).to.deep.equal(['application/problem+json'])
    expect(Object.keys(answer(sound, 200).content)).to.deep.equal(['audio/*'])
    expect(answer(reset, 204)).not.to.have.property('content')
    expect(answer(create, 409).content['application/problem+json'].schema).to.deep.equal({
      $ref: '#/components/schemas/Problem',
    })
  })

  it('has exports as text, of which no part can be asked for', () => {
    for (const [path, mediaType] of [
      ['/api/v1/devices.csv', 'text/csv'],
      ['/api/v1/devices.ndjson', 'application/x-ndjson'],
    ] as const) {
      const exported = operation('get', path)
      expect(answer(exported, 200).content).to.deep.equal({ [mediaType]: { schema: { type: 'string' } } })
      expect(Object.keys(answer(exported, 200).headers)).to.have.members(['X-Request-Id', 'Content-Disposition'])
      expect(statuses(exported)).to.deep.equal(statuses(list))
      expect(parameters(exported, 'header')).to.deep.equal([])
    }
    expect(answer(sound, 200).content['audio/*'].schema).to.deep.equal({ type: 'string', contentMediaType: 'audio/*' })
  })

  it('has the headers that clients go on with', () => {
    expect(Object.keys(answer(create, 201).headers)).to.have.members([
      ...['X-Request-Id', 'ETag', 'Event-Position', 'Location'],
    ])
    expect(Object.keys(answer(create, 429).headers)).to.include('Retry-After')
    expect(Object.keys(answer(list, 401).headers)).to.include('WWW-Authenticate')
  })

  it('describes itself', async () => {
    const routes = described(things)
    const { body } = await routes.at(-1)!.run({} as never)
    expect((body as any).paths).to.have.all.keys(
      ...things.map(({ path }) => path.replace(':id', '{id}')),
      ...['/api/openapi.json', '/health', '/health/ready'],
    )
  })
})
