import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Values } from './useGet.ts'

export interface List {
  /** What the URL says; undefined where it says nothing. */
  value: (name: string) => string | undefined
  /** Into the URL, back on the first page unless that is what changes. */
  set: (changes: Values) => void
  /** For the API: the page and sort, and these filters. */
  query: Values
}

/** The filters, sort and page of a list: they live in the URL, so that a list can be sent to somebody, and the back button leads where one was. */
export function useList(filters: readonly string[], sort?: string): List {
  const search = useSearch({ strict: false }) as Record<string, unknown>
  const navigate = useNavigate()
  const value = (name: string) => (search[name] === undefined ? undefined : String(search[name]))
  const set = (changes: Values) =>
    void navigate({
      to: '.',
      search: ((before: Record<string, unknown>) =>
        Object.fromEntries(
          Object.entries({ ...before, page: undefined, ...changes }).filter(
            ([, one]) => one !== undefined && one !== '',
          ),
        )) as never,
      replace: !('page' in changes),
    })
  const asked = Object.fromEntries(filters.map((name) => [name, value(name)]))
  return {
    value,
    set,
    query: {
      page: Number(value('page') ?? 1),
      per_page: 20,
      ...((value('sort') ?? sort) && { sort: value('sort') ?? sort }),
      ...asked,
    },
  }
}
