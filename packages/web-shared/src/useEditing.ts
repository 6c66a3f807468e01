import type { UseQueryResult } from '@tanstack/react-query'
import { type ComponentProps, useState } from 'react'
import { api, answer, type Schemas } from './api/client.ts'
import type { FormDialog } from './FormDialog.tsx'
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

/** Writes what was filled in; the headers say which revision it is a change of. */
type Save = (values: Record<string, any>, headers: Record<string, string>) => Promise<unknown>

export interface Editing<Row> {
  /** What the form starts from. */
  row: Row
  /** Of the form: it saves at the revision that was seen or, once that is what somebody wants, over whatever there is. */
  saving: (
    save: Save,
  ) => Pick<
    ComponentProps<typeof FormDialog<unknown>>,
    'initial' | 'label' | 'onSubmit' | 'overwrite' | 'done' | 'onClose'
  >
}

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
  editing: Editing<Row> | undefined
} {
  const [seen, setSeen] = useState<{ row: Row; headers: Record<string, string> }>()
  const { mutate } = useAction(async () => {
    const { items } = await answer<Schemas['History']>(api.GET(`${path}/{id}/history`, { params: { path: { id } } }))
    const { data } = await refetch({ throwOnError: true })
    setSeen({ row: data!, headers: ifMatch(revisionIn(items, categories[path], id)) })
  })
  const editing = seen && {
    row: seen.row,
    saving: (save: Save) => ({
      initial: seen.row as Readonly<Record<string, unknown>>,
      label: 'Save',
      onSubmit: (values: Record<string, any>) => save(values, seen.headers),
      overwrite: (values: Record<string, any>) => save(values, {}),
      done: 'Saved',
      onClose: () => setSeen(undefined),
    }),
  }
  return { edit: () => mutate(), editing }
}
