import type { components, paths } from './schema.ts'

type Schemas = components['schemas']
type Json<Body> = { headers: Record<string, unknown>; content: { 'application/json': Body } }
type Refused = {
  default: { headers: Record<string, unknown>; content: { 'application/problem+json': Schemas['Problem'] } }
}
type ById = { path: { id: string } }
type Op<Parameters, Body, Answers> = {
  parameters: Parameters
  responses: Answers & Refused
} & (Body extends undefined ? { requestBody?: never } : { requestBody: { content: { 'application/json': Body } } })
type None = { headers: Record<string, unknown>; content?: never }

export interface Tag {
  id: string
  facility_id: string
  name: string
}

interface Event {
  position: string
  type: string
  at: string | null
}

interface Actor {
  kind: 'user' | 'device' | 'system'
  id: string
  name: string | null
}

/** Where everything that was made of a recording comes from. */
export interface Lineage {
  upload: {
    id: string
    file_name: string
    content_type: string
    size_bytes: number
    sha256: string
    event: Event
    actor: Actor
  }
  jobs: {
    id: string
    requested: Event
    requested_by: Actor
    because_of: Event | null
    formats: string[]
    attempts: number
    status: 'open' | 'succeeded' | 'failed' | 'cancelled'
    finished: Event | null
    outputs: {
      kind: 'rendition' | 'peaks'
      format?: string
      bitrate?: number
      size_bytes?: number
      sha256?: string
      is_current: boolean
    }[]
  }[]
}

export interface Counts {
  uploads: number
  size_bytes: number
  sound_secs: number
  jobs: Record<Schemas['TranscodeJob']['status'], number>
}

export interface Stats {
  from: string
  to: string
  bucket: 'hour' | 'day' | 'week'
  timezone: string
  totals: Counts
  series: (Counts & { start: string })[]
}

/** What the design promises and a server of now may not have yet: its document goes before this, operation by operation. */
interface Coming {
  '/api/v1/uploads/{id}': {
    patch: Op<ById, { title?: string | null; notes?: string | null }, { 200: Json<{ id: string }> }>
    delete: Op<ById, undefined, { 204: None }>
  }
  '/api/v1/uploads/{id}/restore': { post: Op<ById, {}, { 200: Json<{ id: string }> }> }
  '/api/v1/uploads/{id}/tags': { put: Op<ById, { tag_ids: string[] }, { 200: Json<{ id: string }> }> }
  '/api/v1/uploads/{id}/lineage': { get: Op<ById, undefined, { 200: Json<Lineage> }> }
  '/api/v1/uploads/{id}/playback-url': {
    post: Op<ById, { format?: 'webm' | 'mp4' }, { 200: Json<{ url: string; expires_at: string }> }>
  }
  '/api/v1/tags': {
    get: Op<{ query?: { facility_id?: string; per_page?: number } }, undefined, { 200: Json<{ items: Tag[] }> }>
    post: Op<{}, { name: string; facility_id: string }, { 201: Json<Tag> }>
  }
  '/api/v1/stats': {
    get: Op<
      { query?: { facility_id?: string; from?: string; to?: string; bucket?: string } },
      undefined,
      { 200: Json<Stats> }
    >
  }
  '/api/v1/transcode-jobs/{id}/retry': { post: Op<ById, {}, { 202: Json<Schemas['TranscodeJob']> }> }
  '/api/v1/transcode-jobs/{id}/cancel': { post: Op<ById, {}, { 200: Json<Schemas['TranscodeJob']> }> }
}

type Known<Path, Method> = Path extends keyof paths
  ? Method extends keyof paths[Path]
    ? paths[Path][Method] extends { responses: unknown }
      ? true
      : false
    : false
  : false

type Merged = {
  [Path in keyof paths | keyof Coming]: (Path extends keyof paths
    ? Path extends keyof Coming
      ? Omit<paths[Path], { [M in keyof Coming[Path]]: Known<Path, M> extends true ? never : M }[keyof Coming[Path]]>
      : paths[Path]
    : {}) &
    (Path extends keyof Coming
      ? { [M in keyof Coming[Path] as Known<Path, M> extends true ? never : M]: Coming[Path][M] }
      : {})
}

export type Paths = Merged
