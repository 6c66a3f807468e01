import { useGet } from './useGet.ts'

/** The first hundred, by name: what is chosen among. */
export const useFacilities = (enabled = true) =>
  useGet('/api/v1/facilities', { query: { per_page: 100, sort: 'name' } }, { enabled })

/** A facility's name by its id; the beginning of the id where it is not known. */
export function useFacilityName(): (id: string | null | undefined) => string {
  const { data } = useFacilities()
  return (id) => (id ? (data?.items.find((one) => one.id === id)?.name ?? id.slice(0, 8)) : 'All facilities')
}
