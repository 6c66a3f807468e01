import { z } from 'zod'
import type { Recorded } from '../ops/platform/eventStore.ts'
import { timeOf } from '../ops/platform/eventTime.ts'
import { Id, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import { type Actor, named, namesOf } from './actorNames.ts'
import type { ResourceDeps } from './folding.ts'
import { one } from './page.ts'
import { eventsAt, placesOf } from './resourceEvents.ts'
import { visible } from './uploads.ts'

const actor = z.object({ kind: z.enum(['user', 'device', 'system']), id: z.string(), name: z.string().nullable() })
const event = z.object({ position: z.string(), type: z.string(), at: z.iso.datetime().nullable() })

/** Where everything that was made of a recording comes from. */
const Lineage = z
  .object({
    upload: z.object({
      ...{ id: z.uuid(), file_name: z.string(), content_type: z.string(), size_bytes: z.int(), sha256: z.string() },
      ...{ event, actor },
    }),
    jobs: z.array(
      z.object({
        id: z.uuid(),
        requested: event,
        requested_by: actor,
        because_of: event
          .nullable()
          .meta({ description: 'The event of the upload that led to it by itself; null: it was asked for' }),
        formats: z.array(z.string()),
        bitrate: z.int(),
        attempts: z.int(),
        status: z.enum(['open', 'succeeded', 'failed', 'cancelled']),
        finished: event.nullable(),
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
  })
  .meta({ id: 'Lineage' })
type Job = z.infer<typeof Lineage>['jobs'][number]

const path = '/api/v1/uploads'
const ends: Readonly<Record<string, Job['status']>> = {
  TranscodeCompleted: 'succeeded',
  TranscodeFailed: 'failed',
  TranscodeCancelled: 'cancelled',
}

const told = ({ position, type, data }: Recorded) => ({ position: String(position), type, at: timeOf(data) ?? null })
const idOf = ({ stream }: Recorded) => stream.slice(stream.indexOf('-') + 1)
const isOfJob = ({ stream }: Recorded) => stream.startsWith('transcodeJob-')

/** What this event says was made, by the object key of each. */
function madeBy({ type, data }: Recorded): [key: string, Omit<Job['outputs'][number], 'is_current'>][] {
  if (type !== 'TranscodeCompleted') return []
  const renditions = (data['renditions'] as Record<string, any>[]).map(
    ({ object_key, duration_ms: _, ...rendition }) => {
      return [object_key, { kind: 'rendition', ...rendition }] as [string, { kind: 'rendition' }]
    },
  )
  return [...renditions, [(data['peaks'] as { object_key: string }).object_key, { kind: 'peaks' }]]
}

/** Of each format, and of the peaks, what was made last. */
function currentOf(events: readonly Recorded[]): Set<string> {
  const last = new Map<string, string>()
  for (const [key, { kind, format }] of events.flatMap(madeBy)) last.set(format ?? kind, key)
  return new Set(last.values())
}

type Naming = (event: Recorded) => z.infer<typeof actor>

function jobOf(id: string, all: readonly Recorded[], nameOf: Naming): Job | undefined {
  const events = all.filter((one) => isOfJob(one) && idOf(one) === id)
  const requested = events.find(({ type }) => type === 'TranscodeRequested')
  if (!requested) return undefined
  const last = events.findLast(({ type }) => type in ends || type === 'TranscodeRetried')
  const isOver = last !== undefined && last.type in ends
  const causes = all.filter((one) => !isOfJob(one) && one.position < requested.position)
  const of = (one: Recorded) => one.metadata['$correlationId'] as string
  const cause = causes.findLast((one) => of(one) === of(requested))
  const current = currentOf(all)
  return {
    ...{ id, requested: told(requested), requested_by: nameOf(requested), because_of: cause ? told(cause) : null },
    ...{ formats: requested.data['formats'] as string[], bitrate: requested.data['bitrate'] as number },
    attempts: events.filter(({ type }) => type === 'TranscodeStarted').length,
    ...{ status: isOver ? ends[last.type]! : 'open', finished: isOver ? told(last) : null },
    outputs: events.flatMap(madeBy).map(([key, made]) => ({ ...made, is_current: current.has(key) })),
  }
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
      const actorOf = ({ metadata }: Recorded) => metadata['actor'] as Actor
      const names = await namesOf(deps.database, events.map(actorOf), facility)
      const nameOf: Naming = (event) => named(actorOf(event), names) as z.infer<typeof actor>
      const first = events[0]!
      const { file_name, content_type, size_bytes, sha256 } = first.data as z.infer<typeof Lineage>['upload']
      const jobs = [...new Set(events.filter(isOfJob).map(idOf))].flatMap((job) => jobOf(job, events, nameOf) ?? [])
      const upload = { id, file_name, content_type, size_bytes, sha256, event: told(first), actor: nameOf(first) }
      return { status: 200, body: { upload, jobs } }
    },
  })
