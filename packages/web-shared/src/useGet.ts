import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { api, answer } from './api/client.ts'
import type { paths } from './api/schema.ts'
import type { LiveState } from './api/live.ts'

type Get<Path extends keyof paths> = paths[Path] extends { get: infer Operation } ? Operation : never
export type Read<Path extends keyof paths> =
  Get<Path> extends { responses: { 200: { content: { 'application/json': infer Body } } } } ? Body : never
type Readable = { [Path in keyof paths]: Read<Path> extends never ? never : Path }[keyof paths]

export type Values = Readonly<Record<string, string | number | undefined>>

export interface Asked {
  path?: Readonly<Record<string, string>>
  query?: Values
}

let live: LiveState = 'connecting'
const listeners = new Set<() => void>()
export function setLiveState(state: LiveState) {
  live = state
  for (const listener of listeners) listener()
}
const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
export const useLiveState = () => useSyncExternalStore(subscribe, () => live)

/** While the server tells of no changes, what changes by itself is asked for every so often. */
const pollMs = 5_000

/** A read of the API: kept by path and parameters, shown while the next is on its way, and read anew when the server says that it has changed. */
export function useGet<Path extends Readable & string>(
  path: Path,
  asked: Asked = {},
  { enabled = true, changes = false, everyMs }: { enabled?: boolean; changes?: boolean; everyMs?: number } = {},
): UseQueryResult<Read<Path>> {
  const state = useLiveState()
  const polled = changes && state !== 'live' ? pollMs : undefined
  return useQuery({
    queryKey: [path, asked.path ?? {}, asked.query ?? {}],
    // The parameters of each path are checked by the server; their names, where they are written, by eye.
    queryFn: ({ signal }) =>
      answer<Read<Path>>((api.GET as unknown as (...args: unknown[]) => Promise<any>)(path, { params: asked, signal })),
    enabled,
    meta: { changes },
    placeholderData: keepPreviousData,
    refetchInterval: everyMs ?? polled ?? false,
  })
}
