import type { Decision, Upcast } from './decider.ts'

// Whom the door has turned away: one stream a day, kept for a while, and never all of a flood. Nobody decides by it.
export const category = 'refusal'

// These names and shapes are the storage format. Never edit one in place: see `history`.
/** `account` and `address`: keyed digests of the e-mail address that was typed and of where it came from, so that equal ones are seen to be equal. */
export type Event =
  | {
      type: 'LoginRefused'
      data: {
        reason: 'unknown' | 'wrong_password' | 'inactive'
        account: string
        address: string
        user_id?: string
        refused_at: string
      }
    }
  | {
      type: 'AccessRefused'
      data: { method: string; path: string; permission: string; address: string; refused_at: string }
    }
  /** `failures`: of the account from this address (or of the address) lately; the next try is heard after `wait_secs`. */
  | {
      type: 'AccountThrottled'
      data: { account: string; address: string; failures: number; wait_secs: number; throttled_at: string }
    }
  /** So many more, of this type, were not written down one by one. */
  | { type: 'RefusalsLeftOut'; data: { refused: string; count: number; left_out_at: string } }

export interface State {
  readonly written: number
}

export const initial: State = { written: 0 }

export const evolve = ({ written }: State): State => ({ written: written + 1 })

/** By ids of their own: none is written twice, and none is like another. */
export const record =
  (event: Event): Decision<State, Event> =>
  () => [event]

/** The day (UTC) of an ISO time: the stream's id. */
export const dayOf = (at: string) => at.slice(0, 10)

export const history: Record<Event['type'], readonly Upcast[]> = {
  LoginRefused: [],
  AccessRefused: [],
  AccountThrottled: [],
  RefusalsLeftOut: [],
}
