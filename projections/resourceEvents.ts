import type { AppendOnly } from './engine/projection.ts'

export interface ResourceEventRow {
  resource: string
  id: string
  position: string
  stream: string
  revision: number
}

/** The streams that are a resource a person can ask the history of. */
const resources = new Set([
  ...['facility', 'user', 'session', 'apiKey', 'device', 'upload', 'transcodeJob', 'inferenceJob'],
  ...['firmwareRelease', 'firmwareChannel', 'firmwareRollout'],
])

/** Streams that tell of one under its very id. */
const asides = new Map([['deviceFirmware', 'device']])

/** Whom else an event of these is about: `[resource, field that names it]`. */
const named: Readonly<Record<string, readonly (readonly [resource: string, field: string])[]>> = {
  transcodeJob: [['upload', 'upload_id']],
  inferenceJob: [['upload', 'upload_id']],
  firmwareChannel: [
    ['firmwareRelease', 'release_id'],
    ['firmwareRelease', 'previous_release_id'],
    ['firmwareRelease', 'rollout_release_id'],
    ['firmwareRollout', 'rollout_id'],
  ],
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Which events belong to a resource: its own, for an upload those of its jobs, for a device those of its firmware, for a firmware release what its
 * channel did with it, for a rollout those of its channel that name it.
 */
export const resourceEvents: AppendOnly<ResourceEventRow> = {
  name: 'resource_events',
  version: 3,
  indexes: [],
  each: ({ id, stream, position, revision, stored }) => {
    const category = stream.slice(0, stream.indexOf('-'))
    const resource = asides.get(category) ?? category
    if (!resources.has(resource) || !uuid.test(id)) return []
    const own = { resource, id, position, stream, revision }
    // Others stop at an event that names nothing; here it would only hide that it happened to its own resource.
    const others = new Map<string, string>()
    for (const [other, field] of named[category] ?? []) {
      const about = stored[field] as unknown
      if (typeof about === 'string' && uuid.test(about) && about !== id) others.set(about, other)
    }
    return [own, ...[...others].map(([about, other]) => ({ ...own, resource: other, id: about }))]
  },
}
