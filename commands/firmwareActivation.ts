import { z } from 'zod'
import type { Decision } from '../domain/decider.ts'
import { activate, deactivate, rollBack } from '../domain/firmwareActivation.ts'
import * as FirmwareChannel from '../domain/firmwareChannel.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import { Refusal } from '../domain/refusal.ts'
import { Id, type Intent, line, ProblemDocument, type Route, route, Uuid } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/firmware.ts'
import { channelAnswer, path } from './firmwareAnswers.ts'
import { channelIdOf } from './firmwareChannels.ts'
import { about, channelOf, imageOf, placeOf, releaseToChange, scopeOf } from './firmwareScope.ts'
import { checkSignature } from './firmwareSignature.ts'
import { compareVersions } from './firmwareVersions.ts'
import { activeFacility } from './guards.ts'
import { handle, load, replay } from './handle.ts'
import type { Deps } from './http.ts'

const Deactivation = z.strictObject({ reason: line(500).exactOptional() })
const Rollback = z.strictObject({
  device_model: line(100),
  facility_id: Uuid.exactOptional(),
  to_release_id: Uuid.exactOptional().meta({ description: 'Absent: what was active before' }),
  reason: line(500),
})

const answers = {
  200: shapes.FirmwareChannel,
  403: ProblemDocument,
  404: ProblemDocument,
  409: ProblemDocument,
  412: ProblemDocument,
}

/** What is active: the answers are of the channel, and so are `ETag` and `If-Match`. */
export const firmwareActivation = ({ store, now }: Deps): Route[] => {
  async function decided(
    scope: FirmwareChannel.Scope,
    intent: Intent,
    decide: () => Promise<Decision<FirmwareChannel.State, FirmwareChannel.Event>>,
  ) {
    const id = channelIdOf(scope)
    const asked = about(intent, scope)
    const done = await replay(store, FirmwareChannel, id, asked)
    return channelAnswer(id, scope, done ?? (await handle(store, FirmwareChannel, id, await decide(), asked)))
  }

  /** A published release of this very channel; signed as the keys are now, unless it was active already: then going back to it is no news. */
  async function releaseIn(scope: FirmwareChannel.Scope, id: string) {
    const { state } = await load(store, FirmwareRelease, id)
    const release = FirmwareRelease.known(state)
    if (release.device_model !== scope.device_model || release.facility_id !== scope.facility_id)
      throw new Refusal('firmware-unknown', 'No such firmware release')
    const image = imageOf(id, FirmwareRelease.published(release))
    const { active, past } = await channelOf(store, scope)
    if (![active, ...past].some((one) => one?.release_id === id)) await checkSignature(store, release)
    return image
  }

  return [
    route<{ id: string }, {}, {}>({
      method: 'POST',
      path: `${path}/:id/activate`,
      permission: 'firmware:activate',
      params: Id,
      body: z.strictObject({}),
      answers,
      run: async ({ params: { id }, intent, facility }) => {
        const { release } = await releaseToChange(store, id, facility)
        const scope = placeOf(release)
        return decided(scope, intent, async () => {
          const image = imageOf(id, FirmwareRelease.published(release))
          const { active } = await channelOf(store, scope)
          if (active?.release_id !== id) await checkSignature(store, release)
          if (scope.facility_id !== undefined) await activeFacility(store, scope.facility_id)
          return activate({ ...scope, ...image, activated_at: now() }, compareVersions)
        })
      },
    }),
    route<{ id: string }, {}, z.infer<typeof Deactivation>>({
      method: 'POST',
      path: `${path}/:id/deactivate`,
      permission: 'firmware:activate',
      params: Id,
      body: Deactivation,
      answers,
      run: async ({ params: { id }, body, intent, facility }) => {
        const { release } = await releaseToChange(store, id, facility)
        const scope = placeOf(release)
        const decision = deactivate({ ...scope, release_id: id, ...body, deactivated_at: now() })
        return decided(scope, intent, async () => decision)
      },
    }),
    route<{}, {}, z.infer<typeof Rollback>>({
      method: 'POST',
      path: `${path}/rollback`,
      permission: 'firmware:activate',
      // It names none, and changes what is there: `If-Match` is of the channel.
      params: z.object({}),
      body: Rollback,
      answers: { ...answers, 400: ProblemDocument },
      run: async ({ body: { device_model, facility_id, to_release_id, reason }, intent, facility }) => {
        const scope = { device_model, ...scopeOf(facility_id, facility) }
        return decided(scope, intent, async () => {
          const to = to_release_id === undefined ? {} : { to: await releaseIn(scope, to_release_id) }
          return rollBack({ ...scope, ...to, reason, rolled_back_at: now() }, compareVersions)
        })
      },
    }),
  ]
}
