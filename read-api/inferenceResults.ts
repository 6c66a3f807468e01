import { json } from 'node:stream/consumers'
import type { z } from 'zod'
import { stored } from '../ops/platform/media.ts'
import type { Objects } from '../ops/platform/objects.ts'
import type { InferenceDiff, InferenceResult } from '../ops/platform/shapes/inference.ts'
import type { InferenceJobRow } from '../projections/inferenceJobs.ts'
import { changesBetween } from './resultDiff.ts'

export const path = '/api/v1/inference-jobs'

export const pathOf = ({ id }: { id: string }) => `${path}/${id}/result`

export const hasResult = ({ result, stored_result }: Pick<InferenceJobRow, 'result' | 'stored_result'>) =>
  result !== null || stored_result !== null

/** As a recording shows it. */
export const shownResult = (row: InferenceJobRow): z.infer<typeof InferenceResult> => ({
  job_id: row.id,
  model_version: row.model_version!,
  finished_at: row.finished_at!,
  result: row.result,
  size_bytes: row.stored_result?.size_bytes ?? null,
  path: pathOf(row),
})

/** Two results of so many bytes each can be held against each other while somebody waits. */
const mostCompared = 4 * 1024 * 1024
const mostShown = 200

/** What is different in the one from the other, both of which have a result. */
export async function diffOf(
  objects: Pick<Objects, 'get'>,
  before: InferenceJobRow,
  after: InferenceJobRow,
): Promise<z.infer<typeof InferenceDiff>> {
  const about = {
    rerun_of: before.id,
    model_versions: { before: before.model_version!, after: after.model_version! },
  }
  if (before.lineage!.output_sha256 === after.lineage!.output_sha256)
    return { ...about, is_same: true, total: 0, changes: [] }
  const isTooLarge = [before, after].some(({ stored_result }) => (stored_result?.size_bytes ?? 0) > mostCompared)
  if (isTooLarge) return { ...about, is_same: false, total: null, changes: [] }
  const [old, recent] = await Promise.all([before, after].map((row) => resultOf(objects, row)))
  const changes = changesBetween(old, recent)
  return { ...about, is_same: changes.length === 0, total: changes.length, changes: changes.slice(0, mostShown) }
}

const resultOf = async (objects: Pick<Objects, 'get'>, { result, stored_result }: InferenceJobRow): Promise<unknown> =>
  stored_result ? json(await stored(objects)(stored_result)) : result
