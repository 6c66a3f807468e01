import type { Decision, Upcast } from './decider.ts'
import { Refusal } from './refusal.ts'

// A server that runs models, spoken to by the Open Inference Protocol. What is known of its health is recorded when it changes, never each check.
export const category = 'gpuServer'

interface Settings {
  name: string
  /** http or https, where `/v2` answers. */
  url: string
  /** Of its bearer token, sealed by the installation; empty: none. */
  sealed_token: string
  max_concurrency: number
}

/** A model that a server has ready, and in which version where it says so. */
export interface ReadyModel {
  name: string
  version?: string
}

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | { type: 'GpuServerRegistered'; data: Settings & { registered_at: string } }
  | { type: 'GpuServerChanged'; data: Partial<Settings> & { changed_at: string } }
  | { type: 'GpuServerEnabled'; data: { enabled_at: string } }
  /** It gets no new jobs; what runs there is finished. */
  | { type: 'GpuServerDisabled'; data: { disabled_at: string } }
  | { type: 'GpuServerWentDown'; data: { reason: string; went_down_at: string } }
  | { type: 'GpuServerRecovered'; data: { recovered_at: string } }
  | { type: 'GpuServerModelsObserved'; data: { models: readonly ReadyModel[]; observed_at: string } }
  | { type: 'GpuServerRemoved'; data: { removed_at: string } }

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

export type Health = 'unknown' | 'up' | 'down'

export type Server = Settings & {
  status: 'enabled' | 'disabled' | 'removed'
  registered_at: string
  health: Health
  /** Since when it is up or down; absent while nobody knows. */
  health_since?: string
  /** Why it is down. */
  reason?: string
  models: readonly ReadyModel[]
}
export type State = { status: 'unknown' } | Server

export const initial: State = { status: 'unknown' }

export function evolve(state: State, event: Event): State {
  if (event.type === 'GpuServerRegistered') {
    return { status: 'enabled', health: 'unknown', models: [], ...event.data }
  }
  if (state.status === 'unknown') return state
  switch (event.type) {
    case 'GpuServerChanged': {
      const { changed_at: _, ...changed } = event.data
      return changed.url === undefined ? { ...state, ...changed } : { ...unlooked(state), ...changed }
    }
    case 'GpuServerEnabled':
      return { ...state, status: 'enabled' }
    case 'GpuServerDisabled':
      return { ...state, status: 'disabled' }
    case 'GpuServerWentDown':
      return {
        ...state,
        health: 'down',
        health_since: event.data.went_down_at,
        reason: event.data.reason,
        models: [],
      }
    case 'GpuServerRecovered': {
      const { reason: _, ...rest } = state
      return { ...rest, health: 'up', health_since: event.data.recovered_at }
    }
    case 'GpuServerModelsObserved':
      return { ...state, models: event.data.models }
    case 'GpuServerRemoved':
      return { ...state, status: 'removed' }
  }
}

/** What was seen of it elsewhere says nothing of where it is now. */
function unlooked({ reason: _, health_since: __, ...state }: Server): Server {
  return { ...state, health: 'unknown', models: [] }
}

const unknown = () => new Refusal('gpu-server-unknown', 'No such GPU server')

/** One that is there; what was removed is as if it were not. */
export function known(state: State): Server {
  if (state.status === 'unknown' || state.status === 'removed') throw unknown()
  return state
}

export const register =
  (data: Data<'GpuServerRegistered'>): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'GpuServerRegistered', data }] : []

/** Only what differs is recorded. */
export const change =
  ({ changed_at, ...settings }: Data<'GpuServerChanged'>): Decision<State, Event> =>
  (state) => {
    const server = known(state)
    const differs = ([key, value]: [string, unknown]) => value !== undefined && server[key as keyof Settings] !== value
    const changed = Object.fromEntries(Object.entries(settings).filter(differs))
    return Object.keys(changed).length > 0 ? [{ type: 'GpuServerChanged', data: { ...changed, changed_at } }] : []
  }

export const enable =
  (data: Data<'GpuServerEnabled'>): Decision<State, Event> =>
  (state) =>
    known(state).status === 'enabled' ? [] : [{ type: 'GpuServerEnabled', data }]

export const disable =
  (data: Data<'GpuServerDisabled'>): Decision<State, Event> =>
  (state) =>
    known(state).status === 'disabled' ? [] : [{ type: 'GpuServerDisabled', data }]

/** A server that is down already is down for the reason it went down for. */
export const goDown =
  (data: Data<'GpuServerWentDown'>): Decision<State, Event> =>
  (state) =>
    known(state).health === 'down' ? [] : [{ type: 'GpuServerWentDown', data }]

export const recover =
  (data: Data<'GpuServerRecovered'>): Decision<State, Event> =>
  (state) =>
    known(state).health === 'up' ? [] : [{ type: 'GpuServerRecovered', data }]

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** `models` in the order of their names, so that the same ones are the same. */
export const observeModels =
  (data: Data<'GpuServerModelsObserved'>): Decision<State, Event> =>
  (state) =>
    same(known(state).models, data.models) ? [] : [{ type: 'GpuServerModelsObserved', data }]

/** What somebody saw who looked at it: the models that are ready, or why it is down. */
export type Found = { health: 'up'; models: readonly ReadyModel[] } | { health: 'down'; reason: string }

/** Records what is new of it. What was seen at another address than it has by now, or of a server that is gone, is nothing. */
export const observe =
  ({ found, url, at }: { found: Found; url: string; at: string }): Decision<State, Event> =>
  (state) => {
    if (state.status === 'unknown' || state.status === 'removed' || state.url !== url) return []
    if (found.health === 'down') return goDown({ reason: found.reason, went_down_at: at })(state)
    const models = observeModels({ models: found.models, observed_at: at })(state)
    return [...recover({ recovered_at: at })(state), ...models]
  }

export const remove =
  (data: Data<'GpuServerRemoved'>): Decision<State, Event> =>
  (state) => {
    if (state.status === 'unknown') throw unknown()
    return state.status === 'removed' ? [] : [{ type: 'GpuServerRemoved', data }]
  }

export const history: Record<Event['type'], readonly Upcast[]> = {
  GpuServerRegistered: [],
  GpuServerChanged: [],
  GpuServerEnabled: [],
  GpuServerDisabled: [],
  GpuServerWentDown: [],
  GpuServerRecovered: [],
  GpuServerModelsObserved: [],
  GpuServerRemoved: [],
}
