import { expect } from 'chai'
import { type Permission, reachOf } from '../../domain/access.ts'
import type { Scope } from '../../domain/apiKey.ts'
import type { Role } from '../../domain/user.ts'
import { createTokens } from '../../ops/platform/tokens.ts'
import type { Answered, Api } from '../api.ts'
import { eventually } from '../eventually.ts'
import { firmwarePath, made, newSigningKey, published } from '../firmware.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem } from '../system.ts'
import { located, tus, tusPath } from '../tus.ts'
import { sampleOf } from './samples.ts'

interface Operation {
  method: string
  path: string
  permission: Permission | 'public'
  body: object | undefined
  /** Its query parameters. */
  filters: readonly string[]
  /** What a query has to have. */
  query: string
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
    const keyOf = async (facility_id: string, scopes: Scope[], more: object = {}) => {
      const { body } = await admin.post('/api/v1/api-keys', { name: 'matrix', facility_id, scopes, ...more })
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
      {
        name: 'a key for firmware',
        api: await keyOf(here.id, ['firmware'], { device_id: here.device.id }),
        scopes: ['firmware'],
        at: 'here',
      },
    ]
    expired = as({ Authorization: `Bearer ${expiredToken(system)}` })
    const upload = (await here.sensor.upload(sound('wav', { seconds: 0.2 }))).body.id as string
    const resumable = tus(system.url, { 'X-API-Key': here.key.api_key })
    const job = await eventually(async () => {
      const { body } = await admin.get(`/api/v1/transcode-jobs?upload_id=${upload}`)
      expect(body.items).to.have.length(1)
      return body.items[0].id as string
    })
    const tag = (await admin.post('/api/v1/tags', { facility_id: here.id, name: 'matrix' })).body.id as string
    const firmware = await published(here.facilityAdmin.api, { device_model: 'xs-1', version: '1.0.0' })
    const channel = await made(here.facilityAdmin.api.post(`${firmwarePath}/${firmware.id}/activate`), 200)
    const next = await published(here.facilityAdmin.api, { device_model: 'xs-1', version: '1.1.0' })
    const rollout = await made(here.facilityAdmin.api.post(`${firmwarePath}/rollouts`, { release_id: next.id }))
    const signingKey = await newSigningKey(here.facilityAdmin.api)
    const session = (await here.facilityAdmin.api.get('/api/auth/sessions')).body.items[0].id as string
    // Of what is not ready yet the bytes are a 409 for everybody who may read them.
    await eventually(async () => expect((await admin.get(`/api/v1/uploads/${upload}`)).body.status).to.equal('ready'))
    known = {
      '/api/auth/sessions': session,
      '/api/v1/users/{id}/sessions': session,
      '/api/v1/facilities': here.id,
      '/api/v1/users': here.facilityAdmin.id,
      '/api/v1/api-keys': here.key.id,
      '/api/v1/devices': here.device.id,
      '/api/v1/uploads': upload,
      [tusPath]: located(await resumable.create(1000))
        .split('/')
        .at(-1)!,
      '/api/v1/transcode-jobs': job,
      '/api/v1/tags': tag,
      [firmwarePath]: firmware.id,
      [`${firmwarePath}/channels`]: channel.id,
      [`${firmwarePath}/keys`]: signingKey.id,
      [`${firmwarePath}/rollouts`]: rollout.id,
    }
    const listens = await made(
      here.facilityAdmin.api.post('/api/v1/inference-jobs', { upload_id: upload, model: 'sound-levels' }),
      202,
    )
    known['/api/v1/inference-jobs'] = listens.id
    await eventually(async () =>
      expect((await admin.get(`/api/v1/inference-jobs/${listens.id}`)).body.status).to.equal('succeeded'),
    )
    const gpu = { name: 'matrix', url: 'http://127.0.0.1:9', max_concurrency: 1 }
    known['/api/v1/gpu-servers'] = (await admin.post('/api/v1/gpu-servers', gpu)).body.id as string
    known['/api/v1/events'] = String(await system.store.head())
    known['/api/v1/events/streams'] = `facility-${here.id}`
    const { body: document } = await admin.get('/api/openapi.json')
    operations = Object.entries(document.paths as Record<string, Record<string, any>>).flatMap(([path, verbs]) =>
      Object.entries(verbs).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        permission: operation['x-permission'] ?? 'public',
        filters: (operation.parameters ?? []).flatMap((one: any) => (one.in === 'query' ? [one.name] : [])),
        query: (operation.parameters ?? [])
          .filter((one: any) => one.in === 'query' && one.required)
          .map((one: any) => `?${one.name}=${needed[one.name as keyof typeof needed]}`)
          .join(''),
        body: operation.requestBody?.content['application/json'] && {
          schema: operation.requestBody.content['application/json'].schema,
          document,
        },
      })),
    )
  })

  /** The path with what it names filled in; throws where nobody has said what it names. */
  const filled = (path: string, isKnown = true) =>
    path.replace(/\{(\w+)\}/g, (_, name: string, at: number) => {
      if (name === 'key') return 'transcode_bitrate'
      const id = known[path.slice(0, at - 1)] ?? (name === 'name' ? 'uploads' : undefined)
      if (id && !isKnown) return crypto.randomUUID()
      if (!id) throw new Error(`Say in this spec what ${name} of ${path} is`)
      return id
    })

  /** Without effect where it is allowed: a body that no route takes. */
  const harmless = { no_such_field: true }
  const needed = { current_version: '1.0.0' }
  const ask = async (api: Api, operation: Operation, body: object, at = filled(operation.path)): Promise<Answered> => {
    const { method, path, query } = operation
    // Whoever is let in would listen for ever.
    const head = path === '/api/v1/live' ? await api.head(at) : undefined
    if (head && head.status < 400) return head
    if (method === 'GET') return api.get(at + query)
    if (method === 'HEAD') return api.head(at)
    if (method === 'DELETE') return api.delete(at)
    if (method === 'PUT') return api.put(at, body)
    return method === 'PATCH' ? api.patch(at, body) : api.post(at, body)
  }
  /** Whether what is asked for is the caller's: what belongs to a person is the facility_admin's `here`. */
  const isTheirs = ({ path }: Operation, { name, at }: Caller, reach: string) =>
    !path.includes('{id}') || (reach === 'self' ? name === 'a facility_admin here' : at !== 'elsewhere')
  /** Of these a user may read one: their own row. */
  const isOfPeople = ({ path }: Operation) => path.startsWith('/api/v1/users/')
  const email = 'somebody@example.test'
  const codeOf = ({ status, body }: Answered) =>
    status < 400 ? String(status) : `${status} ${body?.code ?? ''}`.trim()

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
      for (const caller of callers) {
        const { name, api, role, scopes } = caller
        const reach = reachOf(operation.permission, role ? { role } : { scopes: scopes! })
        // What a permitted caller would do for good is left to the specs of the route.
        if (reach !== undefined && operation.method === 'DELETE') continue
        const about = `${operation.method} ${operation.path} by ${name}`
        const told = codeOf(await ask(api, operation, harmless))
        if (reach === undefined) expect(told, about).to.equal('403 forbidden')
        else if (isTheirs(operation, caller, reach))
          // A form is refused for what it is no form of; a body, for its one field.
          expect(told, about).to.match(
            operation.method === 'GET' ? /^20[04]$|^409 not_ready$/ : /^400 invalid_request$|^415 /,
          )
      }
    }
  })

  it('knows nothing of another facility’s resources', async () => {
    const seen = new Set<string>()
    for (const operation of operations) {
      if (operation.permission === 'public' || !operation.path.includes('{id}')) continue
      const body = operation.body ? sampleOf(operation.body as never, { email, value: null }) : {}
      for (const caller of callers) {
        const { name, api, role } = caller
        const reach = role && reachOf(operation.permission, { role })
        if (reach === undefined || isTheirs(operation, caller, reach)) continue
        const about = `${operation.method} ${operation.path} by ${name}`
        const foreign = await ask(api, operation, body as object)
        const none = await ask(api, operation, body as object, filled(operation.path, false))
        // A user may know that other people are not theirs to ask for: it says nothing of who there is.
        const expected = reach === 'self' && isOfPeople(operation) ? '403 forbidden' : '404 not_found'
        expect(codeOf(foreign), about).to.equal(expected)
        expect({ ...foreign.body, request_id: '' }, about).to.deep.equal({ ...none.body, request_id: '' })
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

  it('takes no recording for another facility, or its device', async () => {
    const { api } = callers.find(({ name }) => name === 'a facility_admin elsewhere')!
    for (const place of [{ facility_id: known['/api/v1/facilities']! }, { device_id: known['/api/v1/devices']! }])
      expect(codeOf(await api.upload(sound('wav', { seconds: 0.2 }), place))).to.equal('404 not_found')
  })

  it('shows nobody as of another time what they may not see', async () => {
    const pasts = operations.filter(({ filters, path }) => filters.includes('as_of') && path.includes('{id}'))
    expect(pasts).to.have.length.above(3)
    for (const operation of pasts)
      for (const caller of callers) {
        const { name, api, role } = caller
        const reach = role && reachOf(operation.permission as Permission, { role })
        if (reach === undefined || (reach === 'self' && isOfPeople(operation))) continue
        const at = `${filled(operation.path)}?as_of=${encodeURIComponent(new Date().toISOString())}`
        const told = codeOf(await ask(api, operation, {}, at))
        const isOwn = isTheirs(operation, caller, reach)
        expect(told, `${at} by ${name}`).to.equal(isOwn ? '200' : '404 not_found')
      }
  })

  it('lists nothing of another facility', async () => {
    for (const operation of operations.filter(({ method, path }) => method === 'GET' && !path.includes('{'))) {
      for (const { name, api, role, at } of callers) {
        if (at !== 'elsewhere' || operation.permission === 'public') continue
        if (reachOf(operation.permission, { role: role! }) === undefined) continue
        // Also when that facility is asked for by name; whoever may see all is shown it, so that there is something to hide.
        const wanted = operation.filters.includes('facility_id') ? `?facility_id=${known['/api/v1/facilities']}` : ''
        const asked = operation.path + wanted
        const text = (await ask(api, operation, {}, asked)).bytes.toString()
        const own = operation.permission === 'session:own' ? undefined : known[operation.path]
        if (own) expect((await ask(system.admin, operation, {}, asked)).bytes.toString(), asked).to.include(own)
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
