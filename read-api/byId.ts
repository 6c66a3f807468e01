import { AsOf, Id, type Moment, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import { type Past, stateAt } from './asOf.ts'
import type { ResourceDeps } from './folding.ts'
import { one } from './page.ts'

export interface Asked {
  /** The caller's. */
  facility: string | undefined
  /** Absent: now. */
  moment: Moment | undefined
  signal: AbortSignal
}

/** `GET <path>/:id`: the row as it is or, with `?as_of=`, as it was then; of those the caller may see. */
export const byIdRoute = <Row = unknown>(
  deps: ResourceDeps,
  what: Past & {
    path: string
    permission: string
    /** What clients get of the row; all of it where absent. Not `isPresent`: something has happened to it since. */
    shown?: (row: Row, isPresent: boolean, asked: Asked) => unknown
  },
): Route =>
  route<{ id: string }, { as_of?: Moment | undefined }>({
    method: 'GET',
    path: `${what.path}/:id`,
    permission: what.permission,
    params: Id,
    query: AsOf,
    reads: [what.readModel],
    answers: { 200: what.shape, 400: ProblemDocument, 404: ProblemDocument },
    run: async ({ params: { id }, query: { as_of: moment }, facility, signal }) => {
      const { row, isPresent } = moment
        ? await stateAt<Row>(deps, what, { id, facility, moment, signal })
        : { row: await one<Row>(deps.database, what.visible(facility).where({ id })), isPresent: true }
      return { status: 200, body: what.shown ? await what.shown(row, isPresent, { facility, moment, signal }) : row }
    },
  })
