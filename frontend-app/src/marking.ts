/** The tags of a recording after these were chosen among those that are listed: no list is of all there are, and what it leaves out stays. */
export const markedWith = (
  chosen: readonly string[],
  { listed, before }: { listed: readonly string[]; before: readonly string[] },
): string[] => [...before.filter((id) => !listed.includes(id)), ...chosen]
