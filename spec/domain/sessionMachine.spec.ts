import { expect } from 'chai'
import fc from 'fast-check'
import { Refusal } from '../../domain/refusal.ts'
import * as Session from '../../domain/session.ts'
import { deciding } from './deciding.ts'

const { stateAfter } = deciding(Session)
const time = (ms: number) => new Date(Date.parse('2026-11-24T09:00:00.000Z') + ms).toISOString()

/** Presents the token that came so many rotations before the newest; -1: one that was never given. */
type Step = { waitMs: number; presents: number } | { waitMs: number; ends: true }

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        waitMs: fc.oneof(
          fc.integer({ min: 0, max: 4999 }),
          fc.constantFrom(5000, 5001),
          fc.integer({ max: 9e7, min: 0 }),
        ),
        presents: fc.oneof(
          { weight: 4, arbitrary: fc.constant(0) },
          { weight: 2, arbitrary: fc.constant(1) },
          fc.integer({ min: -1, max: 4 }),
        ),
      }),
    },
    { weight: 1, arbitrary: fc.record({ waitMs: fc.nat(9000), ends: fc.constant(true as const) }) },
  ),
  { maxLength: 30 },
)

describe('a session, whatever is done to it', () => {
  it('has one good token, forgives its parent for five seconds, and ends for ever at any other', () =>
    fc.assert(
      fc.property(steps as fc.Arbitrary<Step[]>, (sequence) => {
        let now = 0
        const given = ['t0']
        const events: Session.Event[] = [
          {
            type: 'SessionStarted',
            data: {
              ...{ user_id: 'u1', refresh_id: 't0', address: 'a', user_agent: 'b', password_generation: 0 },
              ...{ started_at: time(0), expires_at: time(1e9) },
            },
          },
        ]
        let rotatedAt = 0
        let open = true
        for (const step of sequence) {
          now += step.waitMs
          if ('ends' in step) {
            const decided = Session.end({ reason: 'logout', ended_at: time(now) })(stateAfter(...events))
            expect(decided).to.have.length(open ? 1 : 0)
            events.push(...decided)
            open = false
          } else {
            const token = step.presents < 0 ? 'forged' : (given.at(-1 - step.presents) ?? 'forged')
            const next = { refresh_id: `t${given.length}`, refreshed_at: time(now), expires_at: time(now + 1e9) }
            let decided: readonly Session.Event[] | 'refused'
            try {
              decided = Session.refresh(token, next, now - rotatedAt <= Session.graceMs)(stateAfter(...events))
            } catch (error) {
              if (!(error instanceof Refusal)) throw error
              decided = 'refused'
            }
            if (!open) expect(decided).to.equal('refused')
            else if (token === given.at(-1)) {
              expect(decided).to.deep.equal([{ type: 'SessionRefreshed', data: next }])
              given.push(next.refresh_id)
              rotatedAt = now
            } else if (token === given.at(-2) && now - rotatedAt <= 5000) expect(decided).to.deep.equal([])
            else {
              const data = { reason: 'reuse_detected', ended_at: time(now) }
              expect(decided).to.deep.equal([{ type: 'SessionEnded', data }])
              open = false
            }
            if (decided !== 'refused') events.push(...decided)
          }
          const state = stateAfter(...events)
          expect(state).to.include({ status: open ? 'open' : 'ended', refresh_id: given.at(-1) })
        }
      }),
      { numRuns: 500 },
    ))
})
