/** Of an event of a history, what says where it is. */
interface Placed {
  stream: string
  revision: number
}

/** The revision that a resource was read at: that of the last event of its own stream. Others' may end with its id as well. */
export const revisionIn = (items: readonly Placed[], category: string, id: string): number | undefined =>
  items.filter(({ stream }) => stream === `${category}-${id}`).at(-1)?.revision

export const ifMatch = (revision: number | undefined): Record<string, string> =>
  revision === undefined ? {} : { 'If-Match': `"${revision}"` }
