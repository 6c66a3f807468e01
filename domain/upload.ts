import type { Decision, Json, Upcast } from './decider.ts'
import { Refusal } from './refusal.ts'

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
  | { type: 'UploadDeleted'; data: { deleted_at: string } }
  | { type: 'UploadPurged'; data: { purged_at: string } }

export type State =
  | { status: 'unknown' }
  | {
      status: 'received' | 'probed' | 'rejected' | 'deleted' | 'purged'
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
  if (state.status === 'unknown') return state
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
      return { ...state, status: 'deleted' }
    case 'UploadPurged':
      return { ...state, status: 'purged' }
  }
}

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

export function known(state: State): Exclude<State, { status: 'unknown' }> {
  if (state.status === 'unknown') throw new Refusal('upload-unknown', 'No such upload')
  return state
}

export const receive =
  (data: Data<'UploadReceived'>): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'UploadReceived', data }] : []

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

export const history: Record<Event['type'], readonly Upcast[]> = {
  UploadReceived: [],
  UploadProbed: [],
  UploadRejected: [],
  UploadDetailsChanged: [],
  UploadTagged: [],
  UploadUntagged: [],
  UploadDeleted: [],
  UploadPurged: [],
}
