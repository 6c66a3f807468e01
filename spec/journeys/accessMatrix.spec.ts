import { expect } from 'chai'
import { type Permission, reachOf } from '../../domain/access.ts'
import type { Scope } from '../../domain/apiKey.ts'
import type { Role } from '../../domain/user.ts'
import { createTokens } from '../../ops/platform/tokens.ts'
import type { Answered, Api } from '../api.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem } from '../system.ts'
import { sampleOf } from './samples.ts'

interface Operation {
  method: string
  path: string
  permission: Permission | 'public'
  body: object | undefined
}

/** Who asks; `at` is the facility of the caller: the resources that are asked for are of `here`. */
interface Caller {
  name: string
  api: Api
  role?: Role
  scopes?: readonly Scope[]
  at: 'here' | 'elsewhere' | 'everywhere'
}

// Every route × every kind of caller × a resource of their own and of another facility: what happens follows from the access table alone.
describe('who may do what', function () {
  this.timeout(60_000)
  let system: System
  let operations: Operation[]
  let callers: Caller[]
  let expired: Api
  /** Ids of what belongs to `here`, by the path that knows it. */
  let known: Record<string, string>

  before(async function () {
    system = await theSystem()
    const { as, admin } = system
    const here = await newFacility(system)
    const elsewhere = await newFacility(system)
    const keyOf = async (facility_id: string, scopes: Scope[]) => {
      const { body } = await admin.post('/api/v1/api-keys', { name: 'matrix', facility_id, scopes })
      return as({ 'X-API-Key': body.api_key })
    }
    const people = (at: 'here' | 'elsewhere', { facilityAdmin, user }: typeof here): Caller[] => [
      { name: `a facility_admin ${at}`, api: facilityAdmin.api, role: 'facility_admin', at },
      { name: `a user ${at}`, api: user.api, role: 'user', at },
    ]
    callers = [
      { name: 'a super_admin', api: admin, role: 'super_admin', at: 'everywhere' },
      ...people('here', here),
      ...people('elsewhere', elsewhere),
      { name: 'a key for uploads', api: await keyOf(here.id, ['upload']), scopes: ['upload'], at: 'here' },
      { name: 'a key for heartbeats', api: await keyOf(here.id, ['heartbeat']), scopes: ['heartbeat'], at: 'here' },
      { name: 'a key for firmware', api: await keyOf(here.id, ['firmware']), scopes: ['firmware'], at: 'here' },
    ]
    expired = as({ Authorization: `Bearer ${expiredToken(system)}` })
    const upload = (await here.sensor.upload(sound('wav', { seconds: 0.2 }))).body.id as string
    const job = await eventually(async () => {
      const { body } = await admin.get(`/api/v1/transcode-jobs?upload_id=${upload}`)
      expect(body.items).to.have.length(1)
      return body.items[0].id as string
    })
    const session = (await here.user.api.get('/api/auth/sessions')).body.items[0].id as string
    known = {
      '/api/auth/sessions': session,
      '/api/v1/facilities': here.id,
      '/api/v1/users': here.user.id,
      '/api/v1/api-keys': here.key.id,
      '/api/v1/devices': here.device.id,
      '/api/v1/uploads': upload,
      '/api/v1/transcode-jobs': job,
    }
    const { body: document } = await admin.get('/api/openapi.json')
    operations = Object.entries(document.paths as Record<string, Record<string, any>>).flatMap(([path, verbs]) =>
      Object.entries(verbs).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        permission: operation['x-permission'] ?? 'public',
        body: operation.requestBody?.content['application/json'] && {
          schema: operation.requestBody.content['application/json'].schema,
          document,
        },
      })),
    )
  })

  /** The path with what it names filled in; throws where nobody has said what it names. */
  const filled = (path: string) =>
    path.replace(/\{(\w+)\}/g, (_, name: string, at: number) => {
      if (name === 'key') return 'transcode.bitrate'
      if (name === 'name') return 'uploads'
      const id = known[path.slice(0, at - 1)]
      if (!id) throw new Error(`Say in this spec what ${name} of ${path} is`)
      return id
    })

  /** Without effect where it is allowed: a body that no route takes. */
  const harmless = { no_such_field: true }
  const ask = (api: Api, { method, path }: Operation, body: object): Promise<Answered> => {
    const at = filled(path)
    if (method === 'GET') return api.get(at)
    if (method === 'HEAD') return api.head(at)
    if (method === 'DELETE') return api.delete(at)
    if (method === 'PUT') return api.put(at, body)
    return method === 'PATCH' ? api.patch(at, body) : api.post(at, body)
  }
  /** Of these a user may read one: their own row. */
  const isOfPeople = ({ path }: Operation) => path.startsWith('/api/v1/users/')
  const email = 'somebody@example.test'
  const codeOf = ({ status, body }: Answered) => `${status} ${body?.code ?? ''}`.trim()

  it('names a permission of the table at every route that is not public', () => {
    expect(operations.length).to.be.greaterThan(60)
    const open = operations.filter(({ permission }) => permission === 'public').map(({ path }) => path)
    expect(open).to.have.members([
      '/api/auth/login',
      '/api/auth/refresh',
      '/api/openapi.json',
      '/health',
      '/health/ready',
    ])
  })

  it('keeps out who has no token, or an expired one, whatever they ask for', async () => {
    for (const operation of operations.filter(({ permission }) => permission !== 'public')) {
      const about = `${operation.method} ${operation.path}`
      expect(codeOf(await ask(system.as({}), operation, {})), about).to.equal('401 unauthenticated')
      expect(codeOf(await ask(expired, operation, {})), about).to.equal('401 token_expired')
    }
  })

  it('refuses every caller whose role or scopes do not reach, and nobody else', async () => {
    for (const operation of operations) {
      if (operation.permission === 'public') continue
      for (const { name, api, role, scopes } of callers) {
        const reach = reachOf(operation.permission, role ? { role } : { scopes: scopes! })
        // What a permitted caller would do for good is left to the specs of the route.
        if (reach !== undefined && operation.method === 'DELETE') continue
        const about = `${operation.method} ${operation.path} by ${name}`
        const told = codeOf(await ask(api, operation, harmless))
        if (reach === undefined) expect(told, about).to.equal('403 forbidden')
        else if (reach === 'self' && isOfPeople(operation)) continue
        else expect(told, about).to.not.match(/^(401|5..)|^403 forbidden$/)
      }
    }
  })

  it('knows nothing of another facility’s resources', async () => {
    const seen = new Set<string>()
    for (const operation of operations) {
      if (operation.permission === 'public' || !operation.path.includes('{id}')) continue
      const body = operation.body ? sampleOf(operation.body as never, { email }) : {}
      for (const { name, api, role, at } of callers) {
        if (at !== 'elsewhere') continue
        const reach = reachOf(operation.permission, { role: role! })
        if (reach !== 'own' && reach !== 'self') continue
        const about = `${operation.method} ${operation.path} by ${name}`
        const told = codeOf(await ask(api, operation, body as object))
        // A user may know that other people are not theirs to ask for: it says nothing of who there is.
        if (reach === 'self' && isOfPeople(operation)) expect(told, about).to.equal('403 forbidden')
        else expect(told, about).to.equal('404 not_found')
        seen.add(operation.path)
      }
    }
    expect(seen.size).to.be.greaterThan(20)
  })

  it('makes nothing in another facility', async () => {
    const making = operations.filter(
      ({ method, path, body, permission }) =>
        method === 'POST' &&
        !path.includes('{') &&
        permission !== 'public' &&
        JSON.stringify(body)?.includes('facility_id'),
    )
    expect(making.map(({ path }) => path)).to.include.members(['/api/v1/users', '/api/v1/devices', '/api/v1/api-keys'])
    for (const operation of making) {
      const body = sampleOf(
        operation.body as never,
        { email, role: 'user', facility_id: known['/api/v1/facilities']! },
        ['facility_id'],
      ) as object
      for (const { name, api, role, at } of callers) {
        if (at !== 'elsewhere' || reachOf(operation.permission as Permission, { role: role! }) !== 'own') continue
        const answer = await ask(api, operation, body)
        expect(codeOf(answer), `${operation.path} by ${name}: ${JSON.stringify(answer.body)}`).to.equal('404 not_found')
      }
    }
  })

  it('lists nothing of another facility', async () => {
    for (const operation of operations.filter(({ method, path }) => method === 'GET' && !path.includes('{'))) {
      for (const { name, api, role, at } of callers) {
        if (at !== 'elsewhere' || operation.permission === 'public') continue
        if (reachOf(operation.permission, { role: role! }) === undefined) continue
        const text = (await ask(api, operation, {})).bytes.toString()
        for (const id of Object.values(known)) expect(text, `${operation.path} for ${name}`).to.not.include(id)
      }
    }
  })
})

/** Signed by us, and over since an hour. */
const expiredToken = ({ config }: System): string =>
  createTokens(config, { accessSecs: -3600, refreshSecs: 1 }).access({
    sub: crypto.randomUUID(),
    sid: crypto.randomUUID(),
    role: 'user',
    user_revision: 0,
  })
