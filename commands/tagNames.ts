import * as Tag from '../domain/tag.ts'
import type { Intent } from '../ops/platform/route.ts'
import type { Deps } from './http.ts'
import { giveBackUnusedName, type Naming, settleNames } from './settledNames.ts'

/** As it is reserved: unique in its facility. */
export const reservedName = ({ facility_id, name }: { facility_id: string; name: string }) => `${facility_id} ${name}`

const tagNames: Naming<Tag.State, Tag.Event> = {
  kind: 'tagName',
  decider: Tag,
  current: (state) => (state.status === 'active' ? reservedName(state) : undefined),
  had: (state, events) =>
    'facility_id' in state
      ? events
          .map(({ data }) => data['name'] as unknown)
          .filter((name) => typeof name === 'string')
          .map((name) => reservedName({ ...state, name }))
      : [],
}

/** As `settleNames`, of a tag. */
export const settleTagName = (deps: Deps, id: string, asked?: string) => settleNames(deps, tagNames, id, asked)

/** As `giveBackUnusedName`, of a tag's name. */
export const giveBackUnusedTagName = (deps: Deps, reservation: string, id: string, intent: Intent) =>
  giveBackUnusedName(deps, tagNames, reservation, id, intent)
