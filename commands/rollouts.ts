import semver from 'semver'
import { z } from 'zod'
import type { Decision } from '../domain/decider.ts'
import * as FirmwareChannel from '../domain/firmwareChannel.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import type { Plan } from '../domain/firmwareRollout.ts'
import * as Place from '../domain/firmwareRolloutPlace.ts'
import * as Steps from '../domain/firmwareRolloutSteps.ts'
import { Id, type Intent, line, Problem, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes.ts'
import { channelIdOf } from './firmwareChannels.ts'
import { imageOf, releaseToChange } from './firmwareScope.ts'
import { checkSignature } from './firmwareSignature.ts'
import { activeFacility, onlyOwn } from './guards.ts'
import { derivedId, handle, load, type Outcome, replay } from './handle.ts'
import { answered, aside, type Deps } from './http.ts'
import { Percent, RolloutWanted } from './rolloutPlans.ts'

const path = '/api/v1/firmware/rollouts'
const permission = 'rollout:steer'
const answers = {
  200: shapes.FirmwareRollout,
  403: ProblemDocument,
  404: ProblemDocument,
  409: ProblemDocument,
  412: ProblemDocument,
}

const tries = 3

type Scoped = FirmwareChannel.Scope & { release_id: string }
type Step = (
  rolling: Steps.Rolling,
  state: FirmwareChannel.State,
) => Decision<FirmwareChannel.State, FirmwareChannel.Event>

/** The id of the rollout of a release that begins at this revision of its channel: a simulation knows it before. */
export const rolloutIdOf = (scope: FirmwareChannel.Scope, release_id: string, revision: number) =>
  derivedId('firmwareRollout', channelIdOf(scope), release_id, String(revision))

export const scopeOf = ({ device_model, facility_id }: FirmwareChannel.Scope): FirmwareChannel.Scope => ({
  device_model,
  ...(facility_id !== undefined && { facility_id }),
})

/** What is for every facility is steered by who may act in every facility. */
function mayRollOut({ facility_id }: FirmwareChannel.Scope, own: string | undefined): void {
  if (facility_id !== undefined) onlyOwn(facility_id, own)
  else if (own !== undefined) throw new Problem('forbidden', 'Only a super_admin rolls out to every facility')
}

/** A rollout that a step has ended is complete. */
function shown(id: string, { release_id, ...scope }: Scoped, { rollout, active }: FirmwareChannel.State) {
  const { device_model, facility_id = null } = scope
  const isOpen = rollout?.rollout_id === id
  const { status, percent, attempt, version } = isOpen
    ? rollout
    : { status: 'completed' as const, percent: 100, attempt: 0, version: active?.version ?? '' }
  return { id, device_model, facility_id, release_id, version, status, percent, attempt }
}

function started(scoped: Scoped, outcome: Outcome<FirmwareChannel.State>) {
  const id = outcome.state.rollout!.rollout_id
  return answered(201, outcome, shown(id, scoped, outcome.state), { Location: `${path}/${id}` })
}

export const rollouts = ({ store, now }: Deps): Route[] => {
  /** POST `<path>/:id/<name>`: one step, decided on the channel that the rollout is in. */
  const steering = <Body>(name: string, body: z.ZodType<Body>, stepOf: (body: Body) => Step) =>
    route<{ id: string }, {}, Body>({
      method: 'POST',
      path: `${path}/:id/${name}`,
      permission,
      params: Id,
      body,
      answers,
      run: async ({ params: { id }, body, intent, facility }) => {
        const place = Place.known((await load(store, Place, id)).state)
        mayRollOut(place, facility)
        const scope = scopeOf(place)
        const channel = channelIdOf(scope)
        const { state } = await load(store, FirmwareChannel, channel)
        const decision = stepOf(body)({ ...scope, rollout_id: id }, state)
        const about = { ...intent, ...(scope.facility_id !== undefined && { facility_id: scope.facility_id }) }
        const outcome = await handle(store, FirmwareChannel, channel, decision, about)
        return answered(200, outcome, shown(id, place, outcome.state))
      },
    })

  /** At the very revision that its id is of: where its channel has moved on, it is another one that begins. */
  async function begin(scope: FirmwareChannel.Scope, image: FirmwareChannel.Image, plan: Plan, intent: Intent) {
    const channel = channelIdOf(scope)
    for (let attempt = 1; attempt <= tries; attempt++) {
      const { state, revision } = await load(store, FirmwareChannel, channel)
      const [rollout_id, at] = [rolloutIdOf(scope, image.release_id, revision), now()]
      const start = Steps.start({ ...scope, ...image, ...plan, rollout_id, started_at: at }, semver.compare)
      start(state)
      const place = Place.place({ ...scope, release_id: image.release_id, placed_at: at })
      await handle(store, Place, rollout_id, place, aside(intent))
      try {
        return await handle(store, FirmwareChannel, channel, start, { ...intent, expected_revision: revision })
      } catch (error) {
        if (!(error instanceof Problem && error.code === 'revision_conflict')) throw error
      }
    }
    throw new Problem('contended', 'Too many changes at once; try again')
  }

  return [
    route<{}, {}, z.infer<typeof RolloutWanted>>({
      method: 'POST',
      path,
      permission,
      body: RolloutWanted,
      answers: {
        201: shapes.FirmwareRollout,
        403: ProblemDocument,
        404: ProblemDocument,
        409: ProblemDocument,
      },
      run: async ({ body: { release_id, ...plan }, intent, facility }) => {
        const { release } = await releaseToChange(store, release_id, facility)
        const scope = scopeOf(release)
        const scoped = { ...scope, release_id }
        const channel = channelIdOf(scope)
        const done = await replay(store, FirmwareChannel, channel, intent)
        if (done) return started(scoped, done)
        const image = imageOf(release_id, FirmwareRelease.published(release))
        await checkSignature(store, release)
        if (scope.facility_id !== undefined) await activeFacility(store, scope.facility_id)
        const about = { ...intent, ...(scope.facility_id !== undefined && { facility_id: scope.facility_id }) }
        return started(scoped, await begin(scope, image, plan, about))
      },
    }),
    steering(
      'advance',
      z.strictObject({ expected_percent: Percent, percent: Percent }),
      (asked) => (rolling) => Steps.advance(rolling, { ...asked, advanced_at: now() }),
    ),
    steering(
      'pause',
      z.strictObject({ reason: line(1000).exactOptional() }),
      (said) => (rolling) => Steps.pause(rolling, { ...said, paused_at: now() }),
    ),
    steering(
      'halt',
      z.strictObject({ reason: line(1000) }),
      (said) => (rolling) => Steps.halt(rolling, { ...said, halted_at: now() }),
    ),
    steering('resume', z.strictObject({}), () => (rolling) => Steps.resume(rolling, { resumed_at: now() })),
    steering(
      'retry-failed',
      z.strictObject({}),
      () => (rolling, state) =>
        Steps.retryFailed(rolling, { attempt: (state.rollout?.attempt ?? 0) + 1, retried_at: now() }),
    ),
  ]
}
