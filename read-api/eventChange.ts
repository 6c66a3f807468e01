import type { Recorded } from '../ops/platform/eventStore.ts'
import { Problem } from '../ops/platform/route.ts'
import { type Change, changesOf, type ResourceDeps, shownFolding } from './folding.ts'
import { categoryOf } from './logEvents.ts'
import { eventsAt, placesOf } from './resourceEvents.ts'

/** Where the rows are that events of these streams make. */
const readModels: Readonly<Record<string, string>> = {
  apiKey: 'api_keys',
  device: 'devices',
  facility: 'facilities',
  firmwareChannel: 'firmware_channels',
  firmwareKey: 'firmware_keys',
  firmwareRelease: 'firmware_releases',
  gpuServer: 'gpu_servers',
  inferenceJob: 'inference_jobs',
  session: 'sessions',
  tag: 'tags',
  transcodeJob: 'transcode_jobs',
  upload: 'uploads',
  user: 'users',
}

/** What is to be known of one event is folded from no more events than this. */
const mostFolded = 2_000

export type Folded = { change: Change; unfolded: null } | { change: null; unfolded: string }

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const unfolded = (why: string): Folded => ({ change: null, unfolded: why })

/** What it did to the row of its own resource, by the read model that readers see; a browser of the log shows what cannot be folded as well. */
export async function changeOf(deps: ResourceDeps, event: Recorded): Promise<Folded> {
  const category = categoryOf(event.stream)
  const id = event.stream.slice(category.length + 1)
  const readModel = readModels[category]
  if (readModel === undefined) return unfolded(`No read model shows a ${category} by itself`)
  try {
    const folding = await shownFolding(deps, readModel)
    if (folding.isSkipped(event.position)) return unfolded(`An operator has it passed over in ${readModel}`)
    const events = await upTo(deps, category, id, event)
    if (!events)
      return unfolded(
        `More than ${mostFolded} events of the same ${category} come before it: too many to be folded here`,
      )
    const folded = events.filter(({ position }) => !folding.isSkipped(position))
    const change = changesOf(folding, id, folded).at(-1)
    return change ? { change, unfolded: null } : unfolded('Nothing is known of its stream')
  } catch (error) {
    if (error instanceof Problem) return unfolded(error.message)
    throw error
  }
}

/** What happened to the resource up to this event; of its own stream alone where no read model knows of others. Undefined where that is too much. */
async function upTo(
  { database, store }: ResourceDeps,
  category: string,
  id: string,
  event: Recorded,
): Promise<readonly Recorded[] | undefined> {
  if (event.revision > mostFolded) return undefined
  const places = uuid.test(id) ? await placesOf({ database, store }, category, id, event) : []
  if (places.at(-1)?.position === event.position)
    return places.length > mostFolded + 1 ? undefined : eventsAt(store, places)
  return store.read(event.stream, { max: event.revision + 1, unreadable: 'too' })
}
