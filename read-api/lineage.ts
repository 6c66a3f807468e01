import { z } from 'zod'
import type { Recorded } from '../ops/platform/eventStore.ts'
import { timeOf } from '../ops/platform/eventTime.ts'
import { Id, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import { InferenceJobInFull } from '../ops/platform/shapes/inference.ts'
import { actorOf, named, namesOf } from './actorNames.ts'
import type { ResourceDeps } from './folding.ts'
import { one } from './page.ts'
import { eventsAt, placesOf } from './resourceEvents.ts'
import { visible } from './uploads.ts'

const actor = z.object({ kind: z.enum(['user', 'device', 'system']), id: z.string(), name: z.string().nullable() })
const event = z.object({ position: z.string(), type: z.string(), at: z.iso.datetime().nullable() })

/** What is known of a job of either kind. */
const Asked = z.object({
  id: z.uuid(),
  requested: event,
  requested_by: actor,
  because_of: event
    .nullable()
    .meta({ description: 'The event of the upload that led to it by itself; null: it was asked for' }),
  attempts: z.int(),
  status: z.enum(['open', 'succeeded', 'failed', 'cancelled']),
  finished: event.nullable(),
})

/** Where everything that was made of a recording comes from. */
const Lineage = z
  .object({
    upload: z.object({
      ...{ id: z.uuid(), file_name: z.string(), content_type: z.string(), size_bytes: z.int(), sha256: z.string() },
      ...{ event, actor },
    }),
    jobs: z.array(
      Asked.extend({
        formats: z.array(z.string()),
        bitrate: z.int(),
        outputs: z.array(
          z.object({
            kind: z.enum(['rendition', 'peaks']),
            format: z.string().optional(),
            codec: z.string().optional(),
            bitrate: z.int().optional(),
            size_bytes: z.int().optional(),
            sha256: z.string().optional(),
            is_current: z.boolean().meta({ description: 'Whether it is what is played or drawn now' }),
          }),
        ),
      }),
    ),
    inferences: z.array(
      Asked.extend({
        model: z.string(),
        model_version: z.string().nullable(),
        params: z.record(z.string(), z.unknown()).nullable(),
        rerun_of: z.uuid().nullable(),
        server_id: z.uuid().nullable().meta({ description: 'Of the last attempt; null: the worker did it by itself' }),
        made: InferenceJobInFull.shape.lineage,
      }),
    ),
  })
  .meta({ id: 'Lineage' })
type Job = z.infer<typeof Lineage>['jobs'][number]
type Inference = z.infer<typeof Lineage>['inferences'][number]

const path = '/api/v1/uploads'
const ends = { Completed: 'succeeded', Failed: 'failed', Cancelled: 'cancelled' } as const
type Kind = 'Transcode' | 'Inference'

const told = ({ position, type, data }: Recorded) => ({ position: String(position), type, at: timeOf(data) ?? null })
const idOf = ({ stream }: Recorded) => stream.slice(stream.indexOf('-') + 1)
const isOf =
  (category: 'upload' | 'transcodeJob' | 'inferenceJob') =>
  ({ stream }: Recorded) =>
    stream.startsWith(`${category}-`)

type Made = [key: string, Omit<Job['outputs'][number], 'is_current'>]

/** What this event says was made, by the object key of each. */
function madeBy({ type, data }: Recorded): Made[] {
  const rendition = ({ object_key, duration_ms: _, ...rendition }: Record<string, any>) =>
    [object_key, { kind: 'rendition', ...rendition }] as Made
  if (type === 'TranscodeRenditionMade') return [rendition(data['rendition'] as Record<string, any>)]
  if (type !== 'TranscodeCompleted') return []
  const renditions = (data['renditions'] as Record<string, any>[]).map(rendition)
  return [...renditions, [(data['peaks'] as { object_key: string }).object_key, { kind: 'peaks' }]]
}

/** Of each format, and of the peaks, what was made last. */
function currentOf(events: readonly Recorded[]): Set<string> {
  const last = new Map<string, string>()
  for (const [key, { kind, format }] of events.flatMap(madeBy)) last.set(format ?? kind, key)
  return new Set(last.values())
}

type Naming = (event: Recorded) => z.infer<typeof actor>

/** The events of each job of a kind, by its id. */
function jobsOf(category: 'transcodeJob' | 'inferenceJob', all: readonly Recorded[]): [string, Recorded[]][] {
  const events = all.filter(isOf(category))
  return [...new Set(events.map(idOf))].map((id) => [id, events.filter((one) => idOf(one) === id)])
}

function askedOf(kind: Kind, id: string, events: readonly Recorded[], all: readonly Recorded[], nameOf: Naming) {
  const requested = events.find(({ type }) => type === `${kind}Requested`)
  if (!requested) return undefined
  const last = events.findLast(({ type }) => endOf(type, kind) || type === `${kind}Retried`)
  const end = last && endOf(last.type, kind)
  const causes = all.filter((one) => isOf('upload')(one) && one.position < requested.position)
  const of = (one: Recorded) => one.metadata['$correlationId'] as string
  const cause = causes.findLast((one) => of(one) === of(requested))
  const asked: z.infer<typeof Asked> = {
    ...{ id, requested: told(requested), requested_by: nameOf(requested), because_of: cause ? told(cause) : null },
    attempts: events.filter(({ type }) => type === `${kind}Started`).length,
    ...{ status: end ?? 'open', finished: last && end ? told(last) : null },
  }
  return { asked, data: requested.data }
}

const endOf = (type: string, kind: Kind) =>
  ends[type.slice(kind.length) as keyof typeof ends] as Job['status'] | undefined

function transcodesOf(all: readonly Recorded[], nameOf: Naming): Job[] {
  const current = currentOf(all)
  return jobsOf('transcodeJob', all).flatMap(([id, events]) => {
    const found = askedOf('Transcode', id, events, all, nameOf)
    if (!found) return []
    const { asked, data } = found
    // The first is told as soon as it is there, and again with all others.
    const outputs = [...new Map(events.flatMap(madeBy))].map(([key, made]) => ({
      ...made,
      is_current: current.has(key),
    }))
    return { ...asked, formats: data['formats'] as string[], bitrate: data['bitrate'] as number, outputs }
  })
}

function inferencesOf(all: readonly Recorded[], nameOf: Naming): Inference[] {
  return jobsOf('inferenceJob', all).flatMap(([id, events]) => {
    const found = askedOf('Inference', id, events, all, nameOf)
    if (!found) return []
    const { asked, data } = found
    const completed = events.find(({ type }) => type === 'InferenceCompleted')?.data
    const started = events.findLast(({ type }) => type === 'InferenceStarted')?.data
    const { model, model_version = null, params = null, rerun_of = null } = data as Record<string, any>
    return {
      ...asked,
      ...{ model, params, rerun_of, model_version: completed?.['model_version'] ?? model_version },
      server_id: started?.['server_id'] ?? null,
      made: completed?.['lineage'] ?? null,
    } as Inference
  })
}

/** `GET /uploads/:id/lineage`: from the events of the upload and of its jobs. */
export const lineage = (deps: ResourceDeps): Route =>
  route<{ id: string }>({
    method: 'GET',
    path: `${path}/:id/lineage`,
    permission: 'upload:read',
    params: Id,
    reads: ['uploads', 'resource_events', 'users'],
    answers: { 200: Lineage, 404: ProblemDocument },
    run: async ({ params: { id }, facility }) => {
      await one(deps.database, visible(facility).where({ id }).select('id'))
      const events = await eventsAt(deps.store, await placesOf(deps, 'upload', id))
      const names = await namesOf(deps.database, events.map(actorOf), facility)
      const nameOf: Naming = (event) => named(actorOf(event), names) as z.infer<typeof actor>
      const first = events[0]!
      const { file_name, content_type, size_bytes, sha256 } = first.data as z.infer<typeof Lineage>['upload']
      const upload = { id, file_name, content_type, size_bytes, sha256, event: told(first), actor: nameOf(first) }
      const jobs = transcodesOf(events, nameOf)
      return { status: 200, body: { upload, jobs, inferences: inferencesOf(events, nameOf) } }
    },
  })
