import { expect } from 'chai'
import { type AnyEvent, type Decider, type Decision, fold } from '../../domain/decider.ts'
import { Refusal } from '../../domain/refusal.ts'
import { frozen } from './frozen.ts'

/**
 * Specs in the words of one aggregate: `given(…events).when(decision).then(…events)` or `.refused(code)`.
 * `then` decides a second time on the state that results and expects no event: every decision spec is an idempotence spec.
 */
export function deciding<State, Event extends AnyEvent>(decider: Decider<State, Event>) {
  const evolve = (state: State, event: Event) => frozen(decider.evolve(state, frozen(event)))
  const refusal = (decision: Decision<State, Event>, state: State, code: string) =>
    expect(() => decision(state))
      .to.throw(Refusal)
      .with.property('code', code)

  const given = (...past: readonly Event[]) => {
    const before = past.reduce(evolve, frozen(decider.initial))
    return {
      when: (decision: Decision<State, Event>) => {
        const decide = (...expected: readonly Event[]) => {
          const decided = decision(before)
          expect(decided).to.deep.equal(expected)
          return decided.reduce(evolve, before)
        }
        return {
          then: (...expected: readonly Event[]) =>
            expect(decision(decide(...expected)), 'decided a second time').to.deep.equal([]),
          /** For a decision that ends what it decides on: a second time there is nothing left to decide. */
          thenRefusing: (code: string, ...expected: readonly Event[]) => refusal(decision, decide(...expected), code),
          refused: (code: string) => refusal(decision, before, code),
        }
      },
    }
  }
  const stateAfter = (...events: readonly Event[]): State => fold(decider, events.map(frozen))
  return { given, stateAfter }
}
