import type { Decision, Upcast } from './decider.ts'
import { abandoned, Refusal } from './refusal.ts'

// One image for one device model, for every facility or for one of them. Which release is active, its channel says.
export const category = 'firmwareRelease'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | {
      type: 'FirmwareReleaseUploaded'
      data: {
        device_model: string
        /** Semantic version 2.0 without build metadata. */
        version: string
        /** Absent: for every facility. */
        facility_id?: string
        object_key: string
        file_name: string
        size_bytes: number
        sha256: string
        notes?: string
        /** Devices that run something older are not offered it. */
        min_version?: string
        /** Never goes down on a device. */
        security_version?: number
        /** Ed25519 over the manifest, base64; and whose. */
        signature?: string
        key_id?: string
        uploaded_at: string
      }
    }
  /** Its version was reserved, it never came, and whoever comes too late has lost: the version is free again. */
  | { type: 'FirmwareReleaseUploadAbandoned'; data: { abandoned_at: string } }
  | { type: 'FirmwareReleasePublished'; data: { published_at: string } }
  | { type: 'FirmwareReleaseNotesChanged'; data: { notes: string; changed_at: string } }
  | { type: 'FirmwareReleaseWithdrawn'; data: { reason: string; withdrawn_at: string } }

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

export type Release = Data<'FirmwareReleaseUploaded'> & { status: 'draft' | 'published' | 'withdrawn'; reason?: string }
export type State = { status: 'unknown' } | { status: 'abandoned' } | Release

export const initial: State = { status: 'unknown' }

export function evolve(state: State, event: Event): State {
  if (event.type === 'FirmwareReleaseUploaded') return { status: 'draft', ...event.data }
  if (event.type === 'FirmwareReleaseUploadAbandoned') return { status: 'abandoned' }
  if (state.status === 'unknown' || state.status === 'abandoned') return state
  switch (event.type) {
    case 'FirmwareReleasePublished':
      return { ...state, status: 'published' }
    case 'FirmwareReleaseNotesChanged':
      return { ...state, notes: event.data.notes }
    case 'FirmwareReleaseWithdrawn':
      return { ...state, status: 'withdrawn', reason: event.data.reason }
  }
}

export function known(state: State): Release {
  if (state.status === 'unknown' || state.status === 'abandoned')
    throw new Refusal('firmware-unknown', 'No such firmware release')
  return state
}

/** What may be activated or rolled out. */
export function published(state: State): Release {
  const release = known(state)
  if (release.status === 'published') return release
  const why = release.status === 'draft' ? 'is a draft: publish it first' : 'was withdrawn'
  throw new Refusal('firmware-not-published', `Release ${release.version} ${why}`)
}

export const upload =
  (data: Data<'FirmwareReleaseUploaded'>): Decision<State, Event> =>
  (state) => {
    if (state.status === 'abandoned') throw abandoned()
    return state.status === 'unknown' ? [{ type: 'FirmwareReleaseUploaded', data }] : []
  }

export const abandon =
  (data: Data<'FirmwareReleaseUploadAbandoned'>): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'FirmwareReleaseUploadAbandoned', data }] : []

export const publish =
  (data: Data<'FirmwareReleasePublished'>): Decision<State, Event> =>
  (state) => {
    const { status, version } = known(state)
    if (status === 'withdrawn') throw new Refusal('firmware-withdrawn', `Release ${version} was withdrawn`)
    return status === 'draft' ? [{ type: 'FirmwareReleasePublished', data }] : []
  }

export const changeNotes =
  (data: Data<'FirmwareReleaseNotesChanged'>): Decision<State, Event> =>
  (state) =>
    (known(state).notes ?? '') === data.notes ? [] : [{ type: 'FirmwareReleaseNotesChanged', data }]

/** For good. Its channel must have barred it before. */
export const withdraw =
  (data: Data<'FirmwareReleaseWithdrawn'>): Decision<State, Event> =>
  (state) =>
    known(state).status === 'withdrawn' ? [] : [{ type: 'FirmwareReleaseWithdrawn', data }]

export const history: Record<Event['type'], readonly Upcast[]> = {
  FirmwareReleaseUploaded: [],
  FirmwareReleaseUploadAbandoned: [],
  FirmwareReleasePublished: [],
  FirmwareReleaseNotesChanged: [],
  FirmwareReleaseWithdrawn: [],
}
