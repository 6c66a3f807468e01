import { z } from 'zod'
import { Refusal } from '../domain/refusal.ts'
import * as Tag from '../domain/tag.ts'
import { Id, type Intent, line, Problem, ProblemDocument, type Route, route, Uuid } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/recordings.ts'
import { activeFacility, atRevision, onlyOwn, within } from './guards.ts'
import { derivedId, handle, load, type Outcome, replay } from './handle.ts'
import { answered, type Deps } from './http.ts'
import { reserve } from './reserve.ts'
import { reservedName, settleTagName } from './tagNames.ts'

const name = line(60)
const Creation = z.strictObject({ facility_id: Uuid, name })
const Change = z.strictObject({ name })

const path = '/api/v1/tags'
const kind = 'tagName'

const shown = (id: string, state: Tag.State): z.infer<typeof shapes.Tag> => {
  const { facility_id, name, created_at } = Tag.active(state)
  return { id, facility_id, name, created_at }
}

const created = (id: string, outcome: Outcome<Tag.State>) =>
  answered(201, outcome, shown(id, outcome.state), { Location: `${path}/${id}` })

/** Renames a tag; the new name is reserved before and the old one given back after, so that no moment has one for two. */
async function rename(deps: Deps, id: string, wanted: string, own: string | undefined, intent: Intent) {
  const { store, now } = deps
  const { state, revision } = await load(store, Tag, id)
  const { facility_id } = Tag.active(state)
  onlyOwn(facility_id, own)
  atRevision(intent, revision)
  const about = { ...intent, facility_id }
  const name = reservedName({ facility_id, name: wanted })
  await reserve(store, { kind, name, owner_id: id, at: now() }, about)
  const change = within(own, Tag.rename({ name: wanted, renamed_at: now() }))
  try {
    const outcome = await handle(store, Tag, id, change, about)
    await settleTagName(deps, id, name)
    return outcome
  } catch (error) {
    // Where it is not known what became of it, the name stays taken for a while: see `workers/abandonedNames.ts`.
    if (error instanceof Refusal || error instanceof Problem) await settleTagName(deps, id, name)
    throw error
  }
}

export const tags = (deps: Deps): Route[] => {
  const { store, now } = deps
  return [
    route<{}, {}, z.infer<typeof Creation>>({
      method: 'POST',
      path,
      permission: 'tag:change',
      body: Creation,
      answers: { 201: shapes.Tag, 400: ProblemDocument, 404: ProblemDocument, 409: ProblemDocument },
      run: async ({ body, intent, facility }) => {
        onlyOwn(body.facility_id, facility)
        const id = derivedId('tag', intent.id)
        const about = { ...intent, facility_id: body.facility_id }
        const done = await replay(store, Tag, id, intent)
        if (done) return created(id, done)
        await activeFacility(store, body.facility_id)
        const create = Tag.create({ ...body, created_at: now() })
        create((await load(store, Tag, id)).state)
        await reserve(store, { kind, name: reservedName(body), owner_id: id, at: now() }, about)
        return created(id, await handle(store, Tag, id, create, about))
      },
    }),
    route<{ id: string }, {}, z.infer<typeof Change>>({
      method: 'PATCH',
      path: `${path}/:id`,
      permission: 'tag:change',
      params: Id,
      body: Change,
      answers: { 200: shapes.Tag, 404: ProblemDocument, 409: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id }, body, intent, facility }) => {
        const outcome = await rename(deps, id, body.name, facility, intent)
        return answered(200, outcome, shown(id, outcome.state))
      },
    }),
    route<{ id: string }>({
      method: 'DELETE',
      path: `${path}/:id`,
      permission: 'tag:change',
      params: Id,
      answers: { 204: z.null(), 404: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id }, intent, facility }) => {
        const { state } = await load(store, Tag, id)
        if (!('facility_id' in state)) Tag.active(state)
        else onlyOwn(state.facility_id, facility)
        const about = { ...intent, ...('facility_id' in state && { facility_id: state.facility_id }) }
        const outcome = await handle(store, Tag, id, within(facility, Tag.remove({ deleted_at: now() })), about)
        await settleTagName(deps, id)
        return answered(204, outcome)
      },
    }),
  ]
}
