import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { useGet } from '@xylolabs/web-shared/useGet.ts'

/** The tags that recordings can have: the first hundred. */
export function useTags(facility_id?: string): readonly Schemas['Tag'][] {
  const { data } = useGet('/api/v1/tags', { query: { per_page: 100, facility_id } })
  return data?.items ?? []
}
