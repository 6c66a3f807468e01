import { expect } from 'chai'
import type { Moment, Problem, Request, Route } from '../../ops/platform/route.ts'
import { foldings } from '../../ops/roles/api.ts'
import { projections } from '../../projections/all.ts'
import type { AnyProjection } from '../../projections/engine/projection.ts'
import { facilities } from '../../read-api/facilities.ts'
import type { ResourceDeps } from '../../read-api/folding.ts'
import { listenForPositions } from '../../read-api/freshness.ts'
import { transcodeJobs } from '../../read-api/transcodeJobs.ts'
import { eventually } from '../eventually.ts'
import { at, idOf, projectionsUnderTest } from '../projections/underTest.ts'
import { specLog } from '../system.ts'

describe('a resource as of then, beside read models that change', function () {
  this.timeout(30_000)
  const tested = projectionsUnderTest()
  const { append, caughtUp, group, old, shouting, someFacility, stateOf, tableForShouting, today, withNext } = tested
  const end = { position: 99_999_999_999_999_999_999n }
  const both = [...withNext(shouting), ...old('facilities')]

  /** A release that can fold these, asked for one resource: the body, or the problem. */
  async function asking<Result>(
    known: readonly AnyProjection[],
    act: (get: (id: string, as_of?: Moment) => Promise<any>) => Promise<Result>,
    routesOf: (deps: ResourceDeps) => Route[] = facilities,
  ): Promise<Result> {
    const controller = new AbortController()
    const { signal } = controller
    const { store, database, config } = tested.connections
    const freshness = listenForPositions({ databaseUrl: config.DATABASE_URL, log: specLog, signal })
    const routes = routesOf({ store, database, freshness, foldingOf: foldings(store, known) })
    const { run } = routes.find(({ path }) => path.endsWith('/:id'))!
    const get = (id: string, as_of?: Moment) =>
      run({ params: { id }, query: { as_of }, signal } as Request<unknown, unknown, unknown>).then(
        ({ body }) => body,
        ({ code, message }: Problem) => ({ code, message }),
      )
    try {
      await eventually(async () => expect(freshness.position()).to.equal(await store.head()))
      return await act(get)
    } finally {
      controller.abort()
      await freshness.done
    }
  }

  it('is folded by the version that readers see, whichever is the newest', async () => {
    await today()
    await tableForShouting()
    const id = await someFacility()
    const [registered, renamed] = await tested.connections.store.read(`facility-${id}`)
    group(withNext(shouting), { retired: old('facilities'), promotes: 'manual' })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
    await caughtUp()
    const [first, last] = [registered!, renamed!]
    await asking(both, async (get) => {
      expect(await get(id, last)).to.deep.equal(await get(id))
      expect(await get(id, first)).to.not.have.property('loud_name')
    })
    const version = { version: 2, previous_version: 1, promoted_at: at }
    await append('projection-facilities', [['ProjectionPromoted', version]])
    await eventually(async () => expect((await stateOf('facilities', 2))?.serving).to.equal(true))
    await caughtUp()
    await asking(both, async (get) => {
      const now = await get(id)
      expect(now.loud_name).to.equal(now.name.toUpperCase())
      for (const moment of [last, end]) expect(await get(id, moment)).to.deep.equal(now)
      const { name, loud_name } = await get(id, first)
      expect([name.slice(0, 5), loud_name]).to.deep.equal(['Plant', null])
    })
    await asking(projections, async (get) =>
      expect(await get(id, last)).to.deep.equal({
        code: 'read_model_behind',
        message: 'This release cannot fold version 2 of facilities',
      }),
    )
  })

  it('is not told where nobody knows which events are its own', async () => {
    await today()
    const id = await someFacility()
    const running = group(projections)
    await caughtUp()
    await running.stop()
    group(projections.filter(({ name }) => name !== 'resource_events'))
    await eventually(async () => expect((await stateOf('resource_events', 3))?.state).to.equal('stopped'))
    await asking(projections, async (get) => {
      expect(await get(id)).to.include({ id })
      for (const moment of [end, { time: at }, { position: 1n }])
        await eventually(async () => expect((await get(id, moment)).message).to.match(/resource_events is stopped/))
    })
  })

  it('has a place in the queue only as long as that is the place of now', async () => {
    const [early, late] = [idOf('early job'), idOf('late job')]
    const requested = (requested_at: string) =>
      [
        'TranscodeRequested',
        {
          upload_id: idOf('upload 0'),
          facility_id: idOf('facility 0'),
          formats: ['opus-webm'],
          bitrate: 1,
          requested_at,
        },
      ] as [string, Record<string, unknown>]
    await append(`transcodeJob-${early}`, [requested('2026-11-24T08:00:00.000Z')])
    const { position } = await append(`transcodeJob-${late}`, [requested('2026-11-24T08:00:01.000Z')])
    group(projections)
    await caughtUp()
    await asking(
      projections,
      async (get) => {
        const now = await get(late)
        expect(now.position_in_queue).to.equal(2)
        for (const moment of [end, { position }, { time: at }]) expect(await get(late, moment)).to.deep.equal(now)
      },
      transcodeJobs,
    )
    const attempt = { upload_id: idOf('upload 0'), attempt: 1 }
    await append(
      `transcodeJob-${late}`,
      [
        ['TranscodeStarted', { ...attempt, worker: 'w', started_at: at }],
        ['TranscodeAttemptFailed', { ...attempt, cause: 'fault', reason: 'no', failed_at: at }],
      ],
      0,
    )
    await caughtUp()
    await asking(
      projections,
      async (get) => {
        expect(await get(late)).to.deep.include({ status: 'queued', attempt: 1, position_in_queue: 2 })
        expect(await get(late, end)).to.deep.equal(await get(late))
        expect(await get(late, { position })).to.deep.include({ status: 'queued', attempt: 0, position_in_queue: null })
      },
      transcodeJobs,
    )
  })
})
