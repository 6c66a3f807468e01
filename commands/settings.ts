import { z } from 'zod'
import * as Facility from '../domain/facility.ts'
import * as Settings from '../domain/settings.ts'
import { errorsOf, Id, Problem, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/settings.ts'
import { onlyOwn } from './guards.ts'
import { handle, load } from './handle.ts'
import type { Deps } from './http.ts'
import type { Loaded } from './loaded.ts'

/** By key, what a value of it may be. */
const values: { readonly [Key in Settings.Key]: z.ZodType<Settings.Values[Key]> } = shapes.settingValues

const Key = z.object({ key: shapes.SettingKey })
const KeyOfFacility = Id.extend(Key.shape)
/** `value: null` takes back what was set here. */
const Change = z.strictObject({ value: shapes.SettingValue.nullable() })

type Shown = z.infer<typeof shapes.Setting>

/** What was said of one scope, beside whoever is asked before and after it. */
interface Scope {
  id: string
  facility_id?: string
}

const system: Scope = { id: 'system' }

/** Settings are few and read from their streams: what holds is known as soon as the change is answered, on every instance. */
export const settings = ({ store, now, fixed }: Deps & { fixed: Settings.State }): Route[] => {
  async function layers({ facility_id }: Scope): Promise<[Settings.Layers, own: Loaded<Settings.State>]> {
    const installation = await load(store, Settings, system.id)
    if (facility_id === undefined) return [{ environment: fixed, system: installation.state }, installation]
    const own = await load(store, Settings, facility_id)
    return [{ environment: fixed, facility: own.state, system: installation.state }, own]
  }

  const shown = (key: Settings.Key, all: Settings.Layers, own: Settings.State): Shown => ({
    key,
    ...(Settings.effective(key, all) as Pick<Shown, 'value' | 'source'>),
    set_here: (own[key] as Shown['set_here'] | undefined) ?? null,
  })

  async function answer(key: Settings.Key, scope: Scope) {
    const [all, own] = await layers(scope)
    const headers = own.revision >= 0 ? { ETag: `"${own.revision}"` } : {}
    return { status: 200, body: shown(key, all, own.state), headers }
  }

  async function list(scope: Scope) {
    const [all, own] = await layers(scope)
    return { status: 200, body: { items: Settings.keys.map((key) => shown(key, all, own.state)) } }
  }

  /** The scope of a facility that there is and that the caller may see. */
  async function scopeOf(id: string, own: string | undefined): Promise<Scope> {
    onlyOwn(id, own)
    Facility.known((await load(store, Facility, id)).state)
    return { id, facility_id: id }
  }

  type Asked = Parameters<Route<{ key: Settings.Key }, {}, z.infer<typeof Change>>['run']>[0]

  async function change({ params: { key }, body: { value: wanted }, intent }: Asked, scope: Scope) {
    if (fixed[key] !== undefined)
      throw new Problem('setting_fixed', `The environment of the server says what ${key} is; it cannot be set here`)
    const { facility_id } = scope
    const value = wanted === null ? {} : { value: wanted as Settings.Values[typeof key] }
    const decision = Settings.change({ key, ...value, changed_at: now() })
    const about = { ...intent, ...(facility_id !== undefined && { facility_id }) }
    // The scope as the command left it: whoever repeats it is answered as the first time, whatever was said since.
    const { state, revision, position } = await handle(store, Settings, scope.id, decision, about)
    const [all] = await layers(scope)
    const layer = facility_id === undefined ? { system: state } : { facility: state }
    const headers = { ...(revision >= 0 && { ETag: `"${revision}"` }), 'Event-Position': String(position) }
    return { status: 200, body: shown(key, { ...all, ...layer }, state), headers }
  }

  /** The value as its key wants it; before anything is looked for, as with every other body. */
  function checked<A extends Asked>(request: A): A {
    const { key } = request.params
    const { value } = request.body
    if (value === null) return request
    const parsed = values[key].safeParse(value)
    if (!parsed.success)
      throw new Problem('invalid_request', `This is no value of ${key}`, {
        errors: errorsOf('body.value', parsed.error),
      })
    return { ...request, body: { value: parsed.data } }
  }

  const path = '/api/v1/system/settings'
  const ofFacility = '/api/v1/facilities/:id/settings'
  const one = { 200: shapes.Setting, 404: ProblemDocument }
  const all = { 200: z.object({ items: z.array(shapes.Setting) }) }

  return [
    route({
      method: 'GET',
      path,
      permission: 'system-setting:read',
      answers: all,
      run: () => list(system),
    }),
    route<{ key: Settings.Key }>({
      method: 'GET',
      path: `${path}/:key`,
      permission: 'system-setting:read',
      params: Key,
      answers: one,
      run: ({ params: { key } }) => answer(key, system),
    }),
    route<{ key: Settings.Key }, {}, z.infer<typeof Change>>({
      method: 'PUT',
      path: `${path}/:key`,
      permission: 'system-setting:change',
      params: Key,
      body: Change,
      answers: { ...one, 409: ProblemDocument, 412: ProblemDocument },
      run: (request) => change(checked(request), system),
    }),
    route<{ id: string }>({
      method: 'GET',
      path: ofFacility,
      permission: 'setting:read',
      params: Id,
      answers: { ...all, 404: ProblemDocument },
      run: async ({ params: { id }, facility }) => list(await scopeOf(id, facility)),
    }),
    route<{ id: string; key: Settings.Key }>({
      method: 'GET',
      path: `${ofFacility}/:key`,
      permission: 'setting:read',
      params: KeyOfFacility,
      answers: one,
      run: async ({ params: { id, key }, facility }) => answer(key, await scopeOf(id, facility)),
    }),
    route<{ id: string; key: Settings.Key }, {}, z.infer<typeof Change>>({
      method: 'PUT',
      path: `${ofFacility}/:key`,
      permission: 'setting:change',
      params: KeyOfFacility,
      body: Change,
      answers: { ...one, 409: ProblemDocument, 412: ProblemDocument },
      run: async (request) => {
        const asked = checked(request)
        return change(asked, await scopeOf(asked.params.id, asked.facility))
      },
    }),
  ]
}
