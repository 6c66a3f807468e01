import type { UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import { api, answer, type Schemas } from './api/client.ts'
import { ifMatch, revisionIn } from './revision.ts'
import { useAction } from './useAction.tsx'

/** The streams of what can be edited, by where it is. */
const categories = {
  '/api/v1/devices': 'device',
  '/api/v1/facilities': 'facility',
  '/api/v1/gpu-servers': 'gpuServer',
  '/api/v1/uploads': 'upload',
  '/api/v1/users': 'user',
} as const

/**
 * Opens a form on what is there now. The revision is read first: what changes after it, seen in the form or not, is a conflict when it is saved, and
 * nothing that was not seen is written over.
 */
export function useEditing<Row>(
  path: keyof typeof categories,
  id: string,
  refetch: UseQueryResult<Row>['refetch'],
): {
  edit: () => void
  /** What the form starts from, and the headers to save it with. */
  editing: { row: Row; headers: Record<string, string> } | undefined
  close: () => void
} {
  const [editing, setEditing] = useState<{ row: Row; headers: Record<string, string> }>()
  const { mutate } = useAction(async () => {
    const { items } = await answer<Schemas['History']>(api.GET(`${path}/{id}/history`, { params: { path: { id } } }))
    const { data } = await refetch({ throwOnError: true })
    setEditing({ row: data!, headers: ifMatch(revisionIn(items, categories[path], id)) })
  })
  return { edit: () => mutate(), editing, close: () => setEditing(undefined) }
}
