import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { bytesAt, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMemo } from 'react'
import { type Segment, segmentsIn } from './segments.ts'

type Result = Schemas['InferenceResult']

/** What each model found in a recording, the newest first. */
export const useFindings = (id: string) => useGet('/api/v1/uploads/{id}/inference', { path: { id } }, { changes: true })

/** So often is it asked where a job stands that waits: what it waits for is told to nobody. */
const waitingMs = 5_000

/** The jobs of a recording, the newest first. */
export function useJobs(upload_id: string) {
  const query = { upload_id, per_page: 100, sort: '-requested_at' }
  const found = useGet('/api/v1/inference-jobs', { query }, { changes: true })
  const isAnyQueued = found.data?.items.some(({ status }) => status === 'queued') ?? false
  useGet('/api/v1/inference-jobs', { query }, { enabled: isAnyQueued, everyMs: waitingMs })
  return found
}

/** The result itself, which never changes; one that is large has a place of its own. */
export const useResult = (found: Result | undefined): UseQueryResult<unknown> =>
  useQuery({
    queryKey: ['result', found?.job_id],
    queryFn: async () => found!.result ?? (JSON.parse(await (await bytesAt(found!.path)).text()) as unknown),
    enabled: found !== undefined,
    staleTime: Infinity,
  })

/** Where somebody speaks, as was found last. */
export function useSpeech(id: string): readonly Segment[] {
  const { data } = useFindings(id)
  const [newest] = data?.items.find(({ model }) => model === 'silero-vad')?.results ?? []
  const { data: result } = useResult(newest)
  return useMemo(() => segmentsIn(result), [result])
}
