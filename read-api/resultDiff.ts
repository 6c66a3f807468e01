export interface ResultChange {
  /** Such as `segments.3.end_secs`. */
  path: string
  /** Absent: only the other has it. */
  before?: unknown
  after?: unknown
}

/**
 * Where two results, as JSON, differ, in their order. What is equal at both ends of a list is left out first, so that one more segment in the middle
 * is one change and not one of each that follows.
 */
export function changesBetween(before: unknown, after: unknown, path = ''): ResultChange[] {
  if (before === after) return []
  const at = (key: string | number) => (path === '' ? String(key) : `${path}.${key}`)
  if (Array.isArray(before) && Array.isArray(after)) {
    const [from, behind] = equalEnds(before, after)
    const [old, recent] = [before.slice(from, before.length - behind), after.slice(from, after.length - behind)]
    // Of as many, each is held against the one in its place; else the ones were put in the place of the others.
    if (old.length === recent.length) return old.flatMap((one, i) => changesBetween(one, recent[i], at(from + i)))
    return [
      ...old.map((one, i) => ({ path: at(from + i), before: one as unknown })),
      ...recent.map((one, i) => ({ path: at(from + i), after: one as unknown })),
    ]
  }
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return keys.flatMap((key) => {
      if (!(key in after)) return [{ path: at(key), before: before[key] }]
      if (!(key in before)) return [{ path: at(key), after: after[key] }]
      return changesBetween(before[key], after[key], at(key))
    })
  }
  return [{ path, before, after }]
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** How many at the beginning, and at the end, are the same in both. */
function equalEnds(one: readonly unknown[], other: readonly unknown[]): [from: number, behind: number] {
  const most = Math.min(one.length, other.length)
  const same = (a: unknown, b: unknown) => changesBetween(a, b).length === 0
  let [from, behind] = [0, 0]
  while (from < most && same(one[from], other[from])) from++
  while (behind < most - from && same(one.at(-1 - behind), other.at(-1 - behind))) behind++
  return [from, behind]
}
