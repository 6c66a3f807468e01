import * as User from '../domain/user.ts'
import type { Intent } from '../ops/platform/route.ts'
import type { Deps } from './http.ts'
import { giveBackUnusedName, type Naming, settleNames } from './settledNames.ts'

/** The address that the person has now; none once they were erased, or where they never came. */
const addresses: Naming<User.State, User.Event> = {
  kind: 'userEmail',
  decider: User,
  current: (state) => ('email' in state && state.status !== 'erased' ? state.email : undefined),
  had: (_, events) => events.map(({ data }) => data['email'] as unknown).filter((one) => typeof one === 'string'),
}

/** As `settleNames`, of the person's e-mail address. */
export const settleAddresses = (deps: Deps, id: string, asked?: string) => settleNames(deps, addresses, id, asked)

/** As `giveBackUnusedName`, of an e-mail address. */
export const giveBackUnused = (deps: Deps, reservation: string, id: string, intent: Intent) =>
  giveBackUnusedName(deps, addresses, reservation, id, intent)
