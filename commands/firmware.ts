import { z } from 'zod'
import * as FirmwareChannel from '../domain/firmwareChannel.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import { bar } from '../domain/firmwareActivation.ts'
import { Id, line, lines, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/firmware.ts'
import { path, releaseAnswer } from './firmwareAnswers.ts'
import { channelIdOf } from './firmwareChannels.ts'
import { about, placeOf, releaseToChange } from './firmwareScope.ts'
import { checkSignature } from './firmwareSignature.ts'
import { atRevision } from './guards.ts'
import { handle, replay } from './handle.ts'
import { aside, type Deps } from './http.ts'

const Change = z.strictObject({ notes: lines(10_000).exactOptional() })
const Withdrawal = z.strictObject({ reason: line(500) })

const answers = {
  200: shapes.FirmwareRelease,
  403: ProblemDocument,
  404: ProblemDocument,
  409: ProblemDocument,
  412: ProblemDocument,
}

/** What happens to a release itself; what is active is up to its channel. */
export const firmware = ({ store, now }: Deps): Route[] => [
  route<{ id: string }, {}, z.infer<typeof Change>>({
    method: 'PATCH',
    path: `${path}/:id`,
    permission: 'firmware:change',
    params: Id,
    body: Change,
    answers,
    run: async ({ params: { id }, body, intent, facility }) => {
      const { release } = await releaseToChange(store, id, facility)
      const change = FirmwareRelease.changeNotes({ notes: body.notes ?? release.notes ?? '', changed_at: now() })
      return releaseAnswer(store, 200, id, await handle(store, FirmwareRelease, id, change, about(intent, release)))
    },
  }),
  route<{ id: string }, {}, {}>({
    method: 'POST',
    path: `${path}/:id/publish`,
    permission: 'firmware:publish',
    params: Id,
    body: z.strictObject({}),
    answers,
    run: async ({ params: { id }, intent, facility }) => {
      const { release } = await releaseToChange(store, id, facility)
      const asked = about(intent, release)
      const done = await replay(store, FirmwareRelease, id, asked)
      if (done) return releaseAnswer(store, 200, id, done)
      // Keys may have come or gone since it was uploaded.
      if (release.status === 'draft') await checkSignature(store, release)
      const publish = FirmwareRelease.publish({ published_at: now() })
      return releaseAnswer(store, 200, id, await handle(store, FirmwareRelease, id, publish, asked))
    },
  }),
  route<{ id: string }, {}, z.infer<typeof Withdrawal>>({
    method: 'POST',
    path: `${path}/:id/withdraw`,
    permission: 'firmware:withdraw',
    params: Id,
    body: Withdrawal,
    answers,
    run: async ({ params: { id }, body: { reason }, intent, facility }) => {
      const { release, revision } = await releaseToChange(store, id, facility)
      const asked = about(intent, release)
      const done = await replay(store, FirmwareRelease, id, asked)
      if (done) return releaseAnswer(store, 200, id, done)
      atRevision(intent, revision)
      // First it can no longer become active: stopped in between, it heals by asking again.
      const place = placeOf(release)
      const barring = bar({ ...place, release_id: id, reason, barred_at: now() })
      await handle(store, FirmwareChannel, channelIdOf(place), barring, aside(asked))
      const withdraw = FirmwareRelease.withdraw({ reason, withdrawn_at: now() })
      return releaseAnswer(store, 200, id, await handle(store, FirmwareRelease, id, withdraw, aside(asked)))
    },
  }),
]
