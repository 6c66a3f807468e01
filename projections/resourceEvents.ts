import type { AppendOnly } from './engine/projection.ts'

export interface ResourceEventRow {
  resource: string
  id: string
  position: string
  stream: string
  revision: number
}

/** The streams that are a resource a person can ask the history of. */
const resources = new Set(['facility', 'user', 'session', 'apiKey', 'device', 'upload', 'transcodeJob'])

/** Streams that tell of one under its very id. */
const asides = new Map([['deviceFirmware', 'device']])

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Which events belong to a resource: its own, for an upload those of its jobs, for a device those of its firmware. */
export const resourceEvents: AppendOnly<ResourceEventRow> = {
  name: 'resource_events',
  version: 2,
  indexes: [],
  each: ({ id, stream, position, revision, stored }) => {
    const category = stream.slice(0, stream.indexOf('-'))
    const resource = asides.get(category) ?? category
    if (!resources.has(resource) || !uuid.test(id)) return []
    const own = { resource, id, position, stream, revision }
    if (resource !== 'transcodeJob') return [own]
    // Others stop at an event that names no upload; here it would only hide that it happened to the job.
    const upload = stored['upload_id'] as unknown
    return typeof upload === 'string' && uuid.test(upload) ? [own, { ...own, resource: 'upload', id: upload }] : [own]
  },
}
