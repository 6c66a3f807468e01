import { z } from 'zod'
import * as BulkRetry from '../domain/bulkRetry.ts'
import type { AnyEvent, Decider, Decision } from '../domain/decider.ts'
import {
  Id,
  type Intent,
  Problem,
  ProblemDocument,
  type Request,
  type Route,
  route,
  Uuid,
} from '../ops/platform/route.ts'
import { onlyOwn, within } from './guards.ts'
import { handle, load, replay } from './handle.ts'
import { answered, aside, type Deps } from './http.ts'

/** At most so many in one request: the caller waits for all of them. */
export const mostRetried = 1000

/** The ids of failed jobs as the read model has them, oldest first, at most so many: candidates, of which the streams decide. */
export type FailedJobs = (matching: Readonly<Record<string, string>>, limit: number) => Promise<string[]>

type Known = { status: string; facility_id: string }

/** A kind of job, and how clients see it. */
export interface Steered<State, Event extends AnyEvent> {
  /** Of the list: `/api/v1/…-jobs`. */
  path: string
  permission: string
  jobs: Decider<State, Event> & {
    known(state: State): Known
    retry(data: { retried_at: string }): Decision<State, Event>
    cancel(data: { cancelled_at: string }): Decision<State, Event>
  }
  shape: z.ZodType
  shown(id: string, state: State): unknown
  /** What failed jobs may be chosen by, beside their facility and their recording. */
  filter?: Readonly<Record<string, z.ZodType<string | undefined>>>
}

/** `POST <path>/:id/retry`, `<path>/:id/cancel` and `<path>/retry-failed`, for jobs of any kind. */
export function steering<State, Event extends AnyEvent>(
  { store, now, failedJobs }: Deps & { failedJobs: FailedJobs },
  { path, permission, jobs, shape, shown, filter = {} }: Steered<State, Event>,
): Route[] {
  const Failed = z.strictObject({
    count: z.int().min(1).max(mostRetried).meta({ description: 'How many failed jobs the caller expects to match' }),
    facility_id: Uuid.exactOptional(),
    upload_id: Uuid.exactOptional(),
    ...filter,
  })
  type Failed = { count: number; facility_id?: string; upload_id?: string }

  async function steered(
    { params: { id }, intent, facility }: Request<{ id: string }, {}, {}>,
    decision: Decision<State, Event>,
  ) {
    const { facility_id } = jobs.known((await load(store, jobs, id)).state)
    onlyOwn(facility_id, facility)
    return handle(store, jobs, id, within(facility, decision), { ...intent, facility_id })
  }

  /** Those that have failed, as their streams have it, with their facilities. */
  async function failed(matching: Readonly<Record<string, string>>, own: string | undefined) {
    const ids = await failedJobs(matching, mostRetried + 1)
    const found = await Promise.all(
      ids.map(async (id) => ({ id, ...((await load(store, jobs, id)).state as unknown as Partial<Known>) })),
    )
    return found.filter(
      ({ status, facility_id }) => status === 'failed' && (own === undefined || facility_id === own),
    ) as (Known & { id: string })[]
  }

  /** The ids of those that this very command chose, now or the first time. */
  async function chosen({ count, ...matching }: Failed, intent: Intent, own: string | undefined) {
    const found = await failed(matching, own)
    if (found.length !== count) {
      const before = await replay(store, BulkRetry, intent.id, intent)
      if (before) return BulkRetry.chosen(before.state)
      const many = found.length > mostRetried ? `more than ${mostRetried}` : String(found.length)
      throw new Problem('count_differs', `${many} failed jobs match, not ${count}; nothing was retried`)
    }
    const choice = { kind: jobs.category, job_ids: found.map(({ id }) => id), chosen_at: now() }
    return BulkRetry.chosen((await handle(store, BulkRetry, intent.id, BulkRetry.choose(choice), intent)).state)
  }

  const one = (verb: string, status: 200 | 202, decide: () => Decision<State, Event>) =>
    route<{ id: string }, {}, {}>({
      method: 'POST',
      path: `${path}/:id/${verb}`,
      permission,
      params: Id,
      body: z.strictObject({}),
      answers: { [status]: shape, 404: ProblemDocument, 409: ProblemDocument, 412: ProblemDocument },
      run: async (request) => {
        const outcome = await steered(request, decide())
        return answered(status, outcome, shown(request.params.id, outcome.state))
      },
    })

  return [
    route<{}, {}, Failed>({
      method: 'POST',
      path: `${path}/retry-failed`,
      permission,
      body: Failed as unknown as z.ZodType<Failed>,
      answers: {
        202: z.object({ count: z.int(), ids: z.array(z.uuid()) }),
        404: ProblemDocument,
        409: ProblemDocument,
      },
      run: async ({ body: { count, ...matching }, intent, facility }) => {
        const facility_id = matching.facility_id ?? facility
        if (facility_id !== undefined) onlyOwn(facility_id, facility)
        const of = facility_id === undefined ? {} : { facility_id }
        const about = { ...aside(intent), ...of }
        const ids = await chosen({ count, ...matching, ...of }, about, facility)
        const retry = jobs.retry({ retried_at: now() })
        const retryFailed: typeof retry = (state) => (jobs.known(state).status === 'failed' ? retry(state) : [])
        let last = 0n
        for (const id of ids) {
          const { facility_id } = jobs.known((await load(store, jobs, id)).state)
          const { position } = await handle(store, jobs, id, within(facility, retryFailed), { ...about, facility_id })
          if (position > last) last = position
        }
        return { status: 202, body: { count: ids.length, ids }, headers: { 'Event-Position': String(last) } }
      },
    }),
    one('retry', 202, () => jobs.retry({ retried_at: now() })),
    one('cancel', 200, () => jobs.cancel({ cancelled_at: now() })),
  ]
}
