import type { Decision, Json, Upcast } from './decider.ts'
import { abandoned, Refusal } from './refusal.ts'

export const category = 'upload'

export interface Probe {
  container: string
  codec: string
  duration_ms: number
  sample_rate_hz: number
  channels: number
}

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | {
      type: 'UploadReceived'
      data: {
        facility_id: string
        device_id?: string
        file_name: string
        content_type: string
        object_key: string
        size_bytes: number
        sha256: string
        recorded_at?: string
        metadata?: Json
        received_at: string
      }
    }
  | { type: 'UploadProbed'; data: Probe & { probed_at: string } }
  | { type: 'UploadRejected'; data: { reason: string; rejected_at: string } }
  | { type: 'UploadDetailsChanged'; data: { title?: string; notes?: string; metadata?: Json; changed_at: string } }
  | { type: 'UploadTagged'; data: { tag_id: string; tagged_at: string } }
  | { type: 'UploadUntagged'; data: { tag_id: string; untagged_at: string } }
  /** Nobody sees it any more; until its bytes are purged it can be restored. `reason`: where nobody asked for it. */
  | { type: 'UploadDeleted'; data: { reason?: string; deleted_at: string } }
  | { type: 'UploadRestored'; data: { restored_at: string } }
  /** Its bytes, and those of everything made of it, are gone for good. */
  | { type: 'UploadPurged'; data: { purged_at: string } }
  /** Its recording was reserved, it never came, and whoever comes too late has lost: the recording may be sent again. */
  | { type: 'UploadAbandoned'; data: { abandoned_at: string } }

type Kept = 'received' | 'probed' | 'rejected'

export type State =
  | { status: 'unknown' }
  | { status: 'abandoned' }
  | {
      status: Kept | 'deleted' | 'purged'
      /** What it was before it was deleted. */
      was?: Kept
      deleted_at?: string
      /** When it was restored last. */
      restored_at?: string
      facility_id: string
      device_id?: string
      file_name: string
      content_type: string
      object_key: string
      size_bytes: number
      sha256: string
      recorded_at?: string
      received_at: string
      tags: readonly string[]
      title?: string
      notes?: string
      metadata?: Json
      reason?: string
    }

export const initial: State = { status: 'unknown' }

export function evolve(state: State, event: Event): State {
  if (event.type === 'UploadReceived') return { status: 'received', tags: [], ...event.data }
  if (event.type === 'UploadAbandoned') return { status: 'abandoned' }
  if (state.status === 'unknown' || state.status === 'abandoned') return state
  switch (event.type) {
    case 'UploadProbed':
      return { ...state, status: 'probed' }
    case 'UploadRejected':
      return { ...state, status: 'rejected', reason: event.data.reason }
    case 'UploadDetailsChanged': {
      const { changed_at: _, ...details } = event.data
      return { ...state, ...details }
    }
    case 'UploadTagged':
      return { ...state, tags: [...state.tags, event.data.tag_id] }
    case 'UploadUntagged':
      return { ...state, tags: state.tags.filter((tag) => tag !== event.data.tag_id) }
    case 'UploadDeleted':
      return { ...state, status: 'deleted', was: state.status as Kept, deleted_at: event.data.deleted_at }
    case 'UploadRestored': {
      const { was, deleted_at: _, ...rest } = state
      return { ...rest, status: was ?? rest.status, restored_at: event.data.restored_at }
    }
    case 'UploadPurged':
      return { ...state, status: 'purged' }
  }
}

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

export type Recording = Exclude<State, { status: 'unknown' | 'abandoned' }>

const unknown = () => new Refusal('upload-unknown', 'No such upload')

export function known(state: State): Recording {
  if (state.status === 'unknown' || state.status === 'abandoned') throw unknown()
  return state
}

export const isDeleted = (state: State) => state.status === 'deleted' || state.status === 'purged'

/** One that people see: what was deleted is as if it were not there. */
export function kept(state: State): Recording {
  if (isDeleted(state)) throw unknown()
  return known(state)
}

const tagged = (tag_id: string, tagged_at: string): Event => ({ type: 'UploadTagged', data: { tag_id, tagged_at } })

/** @param tag_ids the tags that it comes with */
export const receive =
  (data: Data<'UploadReceived'>, tag_ids: readonly string[] = []): Decision<State, Event> =>
  (state) => {
    if (state.status === 'abandoned') throw abandoned()
    if (state.status !== 'unknown') return []
    const tags = [...new Set(tag_ids)]
    return [{ type: 'UploadReceived', data }, ...tags.map((tag_id) => tagged(tag_id, data.received_at))]
  }

export const abandon =
  (data: Data<'UploadAbandoned'>): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'UploadAbandoned', data }] : []

/** What ffprobe read in the stored file; the first reading stands. */
export const probed =
  (data: Data<'UploadProbed'>): Decision<State, Event> =>
  (state) =>
    known(state).status === 'received' ? [{ type: 'UploadProbed', data }] : []

/** The stored file is no sound we can read. Once probed or deleted there is nothing left to reject. */
export const reject =
  (data: Data<'UploadRejected'>): Decision<State, Event> =>
  (state) =>
    known(state).status === 'received' ? [{ type: 'UploadRejected', data }] : []

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** What people say of it. Only what differs is recorded; an empty text takes back what was said. */
export const changeDetails =
  ({ changed_at, ...details }: Data<'UploadDetailsChanged'>): Decision<State, Event> =>
  (state) => {
    const upload = kept(state)
    const isNew = ([field, value]: [string, unknown]) =>
      value !== undefined && !same(value, upload[field as keyof typeof details] ?? (value === '' ? '' : undefined))
    const changed = Object.fromEntries(Object.entries(details).filter(isNew))
    return Object.keys(changed).length > 0 ? [{ type: 'UploadDetailsChanged', data: { ...changed, changed_at } }] : []
  }

/** Exactly these tags, from now on. */
export const setTags =
  ({ tag_ids, at }: { tag_ids: readonly string[]; at: string }): Decision<State, Event> =>
  (state) => {
    const { tags } = kept(state)
    const gone = tags.filter((tag) => !tag_ids.includes(tag))
    const added = [...new Set(tag_ids)].filter((tag) => !tags.includes(tag))
    return [
      ...gone.map((tag_id): Event => ({ type: 'UploadUntagged', data: { tag_id, untagged_at: at } })),
      ...added.map((tag_id) => tagged(tag_id, at)),
    ]
  }

export const remove =
  (data: Data<'UploadDeleted'>): Decision<State, Event> =>
  (state) => {
    known(state)
    return isDeleted(state) ? [] : [{ type: 'UploadDeleted', data }]
  }

/** Deletes what was received, and restored if ever it was, before that. */
export const expire =
  ({ before, ...data }: Data<'UploadDeleted'> & { before: string }): Decision<State, Event> =>
  (state) => {
    const { received_at, restored_at = received_at } = known(state)
    return Math.max(...[received_at, restored_at].map(Date.parse)) < Date.parse(before) ? remove(data)(state) : []
  }

export const restore =
  (data: Data<'UploadRestored'>): Decision<State, Event> =>
  (state) => {
    const { status } = known(state)
    if (status === 'purged') throw new Refusal('upload-purged', 'The bytes of this recording are gone for good')
    return status === 'deleted' ? [{ type: 'UploadRestored', data }] : []
  }

/** Said before the bytes are removed: nobody can restore it in between. Only what was deleted no later than `deleted_before` goes. */
export const purge =
  ({ deleted_before, ...data }: Data<'UploadPurged'> & { deleted_before: string }): Decision<State, Event> =>
  (state) => {
    const { status, deleted_at } = known(state)
    const isDue = status === 'deleted' && Date.parse(deleted_at!) <= Date.parse(deleted_before)
    return isDue ? [{ type: 'UploadPurged', data }] : []
  }

export const history: Record<Event['type'], readonly Upcast[]> = {
  UploadReceived: [],
  UploadProbed: [],
  UploadRejected: [],
  UploadDetailsChanged: [],
  UploadTagged: [],
  UploadUntagged: [],
  UploadDeleted: [],
  UploadRestored: [],
  UploadPurged: [],
  UploadAbandoned: [],
}
