import { z } from 'zod'
import type { Decision } from '../domain/decider.ts'
import * as Tag from '../domain/tag.ts'
import * as Upload from '../domain/upload.ts'
import {
  Id,
  type Intent,
  JsonObject,
  line,
  lines,
  ProblemDocument,
  type Route,
  route,
  Uuid,
} from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/recordings.ts'
import { onlyOwn, within } from './guards.ts'
import { handle, load, type Outcome } from './handle.ts'
import { answered, type Deps } from './http.ts'

/** Null takes back what was said; so does an object without fields. */
const Change = z.strictObject({
  title: line(200).nullable().exactOptional(),
  notes: lines(10_000).nullable().exactOptional(),
  metadata: JsonObject.exactOptional(),
})
const Tags = z.strictObject({ tag_ids: z.array(Uuid).max(50) })

const path = '/api/v1/uploads'
const shown = (id: string, state: Upload.State): z.infer<typeof shapes.UploadDetails> => {
  const { title, notes, metadata, tags, received_at, ...upload } = Upload.known(state)
  return {
    ...{ id, facility_id: upload.facility_id, device_id: upload.device_id ?? null, file_name: upload.file_name },
    ...{ title: title || null, notes: notes || null, metadata: metadata ?? null, tags: [...tags] },
    ...{ recorded_at: upload.recorded_at ?? null, created_at: received_at },
  }
}

const answer = (id: string, outcome: Outcome<Upload.State>) => answered(200, outcome, shown(id, outcome.state))
const one = { 200: shapes.UploadDetails, 404: ProblemDocument, 412: ProblemDocument }

/** What people do to recordings that are there. */
export const recordings = ({ store, now }: Deps): Route[] => {
  async function change(
    id: string,
    decision: Decision<Upload.State, Upload.Event>,
    { facility, intent }: { facility: string | undefined; intent: Intent },
  ) {
    const { facility_id } = Upload.known((await load(store, Upload, id)).state)
    onlyOwn(facility_id, facility)
    return handle(store, Upload, id, within(facility, decision), { ...intent, facility_id })
  }

  return [
    route<{ id: string }, {}, z.infer<typeof Change>>({
      method: 'PATCH',
      path: `${path}/:id`,
      permission: 'upload:change',
      params: Id,
      body: Change,
      answers: one,
      run: async ({ params: { id }, body: { title, notes, metadata }, ...asked }) => {
        const details = {
          ...(title !== undefined && { title: title ?? '' }),
          ...(notes !== undefined && { notes: notes ?? '' }),
          ...(metadata !== undefined && { metadata }),
        }
        return answer(id, await change(id, Upload.changeDetails({ ...details, changed_at: now() }), asked))
      },
    }),
    route<{ id: string }>({
      method: 'DELETE',
      path: `${path}/:id`,
      permission: 'upload:delete',
      params: Id,
      answers: { 204: z.null(), 404: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id }, ...asked }) =>
        answered(204, await change(id, Upload.remove({ deleted_at: now() }), asked)),
    }),
    route<{ id: string }, {}, {}>({
      method: 'POST',
      path: `${path}/:id/restore`,
      permission: 'upload:delete',
      params: Id,
      body: z.strictObject({}),
      answers: { ...one, 409: ProblemDocument },
      run: async ({ params: { id }, ...asked }) =>
        answer(id, await change(id, Upload.restore({ restored_at: now() }), asked)),
    }),
    route<{ id: string }, {}, z.infer<typeof Tags>>({
      method: 'PUT',
      path: `${path}/:id/tags`,
      permission: 'upload:change',
      params: Id,
      body: Tags,
      answers: one,
      run: async ({ params: { id }, body: { tag_ids }, ...asked }) => {
        const { facility_id } = Upload.kept((await load(store, Upload, id)).state)
        onlyOwn(facility_id, asked.facility)
        for (const tag of new Set(tag_ids))
          onlyOwn(Tag.active((await load(store, Tag, tag)).state).facility_id, facility_id)
        return answer(id, await change(id, Upload.setTags({ tag_ids, at: now() }), asked))
      },
    }),
  ]
}
