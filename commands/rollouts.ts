import { z } from 'zod'
import type { Decision } from '../domain/decider.ts'
import * as FirmwareChannel from '../domain/firmwareChannel.ts'
import { published, type Release } from '../domain/firmwareRelease.ts'
import type { Plan } from '../domain/firmwareRollout.ts'
import * as Place from '../domain/firmwareRolloutPlace.ts'
import * as Steps from '../domain/firmwareRolloutSteps.ts'
import { Id, type Intent, line, Problem, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import * as shapes from '../ops/platform/shapes/rollouts.ts'
import { channelIdOf } from './firmwareChannels.ts'
import { about, imageOf, maySteer, placeOf, releaseToChange } from './firmwareScope.ts'
import { checkSignature } from './firmwareSignature.ts'
import { compareVersions } from './firmwareVersions.ts'
import { activeFacility } from './guards.ts'
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

/** Of a rollout to begin where its channel moves on meanwhile. */
const tries = 3

type Scoped = FirmwareChannel.Scope & { release_id: string }
type Step = (
  rolling: Steps.Rolling,
  state: FirmwareChannel.State,
) => Decision<FirmwareChannel.State, FirmwareChannel.Event>

interface Beginning {
  release_id: string
  release: Release
  plan: Plan
}

/** How the rollout of a release would begin in its channel as that is now. Its id is of that revision: a simulation knows it before. */
export async function beginning(
  store: EventStore,
  { release_id, release, plan, started_at }: Beginning & { started_at: string },
) {
  const scope = placeOf(release)
  const channel = channelIdOf(scope)
  const { state, revision } = await load(store, FirmwareChannel, channel)
  const rollout_id = derivedId('firmwareRollout', channel, release_id, String(revision))
  const wanted = { ...scope, ...imageOf(release_id, release), ...plan, rollout_id, started_at }
  return { scope, state, revision, rollout_id, start: Steps.start(wanted, compareVersions) }
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
        maySteer(place, facility)
        const scope = placeOf(place)
        const channel = channelIdOf(scope)
        const { state } = await load(store, FirmwareChannel, channel)
        const decision = stepOf(body)({ ...scope, rollout_id: id }, state)
        const outcome = await handle(store, FirmwareChannel, channel, decision, about(intent, scope))
        return answered(200, outcome, shown(id, place, outcome.state))
      },
    })

  /** At the very revision that its id is of: where its channel has moved on, it is another one that begins. */
  async function begin(wanted: Beginning, intent: Intent) {
    for (let attempt = 1; attempt <= tries; attempt++) {
      const at = now()
      const { scope, state, revision, rollout_id, start } = await beginning(store, { ...wanted, started_at: at })
      start(state)
      const place = Place.place({ ...scope, release_id: wanted.release_id, placed_at: at })
      await handle(store, Place, rollout_id, place, aside(intent))
      try {
        const about = { ...intent, expected_revision: revision }
        return await handle(store, FirmwareChannel, channelIdOf(scope), start, about)
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
        const scope = placeOf(release)
        const scoped = { ...scope, release_id }
        const channel = channelIdOf(scope)
        const asked = about(intent, scope)
        const done = await replay(store, FirmwareChannel, channel, asked)
        if (done) return started(scoped, done)
        const wanted = { release_id, release: published(release), plan }
        await checkSignature(store, release)
        if (scope.facility_id !== undefined) await activeFacility(store, scope.facility_id)
        return started(scoped, await begin(wanted, asked))
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
