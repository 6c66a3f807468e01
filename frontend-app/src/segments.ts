/** Of a recording, in seconds from its beginning. */
export interface Segment {
  start_secs: number
  end_secs: number
  /** From 0 to 1, where there is one. */
  confidence?: number
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

/** What a model that looks for segments found, in order; none where the result is of another kind. */
export function segmentsIn(result: unknown): Segment[] {
  const { segments } = (result ?? {}) as { segments?: unknown }
  if (!Array.isArray(segments)) return []
  return (segments as Partial<Segment>[])
    .filter((one) => isTime(one?.start_secs) && isTime(one.end_secs) && one.end_secs >= one.start_secs)
    .map(({ start_secs, end_secs, confidence }) => ({
      start_secs: start_secs!,
      end_secs: end_secs!,
      ...(isTime(confidence) && { confidence }),
    }))
    .sort((one, other) => one.start_secs - other.start_secs)
}

/** The one that is being played; −1 in between. */
export const indexAt = (segments: readonly Segment[], secs: number): number =>
  segments.findIndex(({ start_secs, end_secs }) => start_secs <= secs && secs < end_secs)

/** What is a little behind the beginning of one is still its beginning, for whoever goes back twice. */
const graceSecs = 0.5

export const nextFrom = (segments: readonly Segment[], secs: number): Segment | undefined =>
  segments.find(({ start_secs }) => start_secs > secs + 0.05)

export const previousFrom = (segments: readonly Segment[], secs: number): Segment | undefined =>
  segments.findLast(({ start_secs }) => start_secs < secs - graceSecs)

/** How much of so many seconds lies in segments, which do not overlap. */
export const shareOf = (segments: readonly Segment[], secs: number): number =>
  secs > 0 ? Math.min(1, segments.reduce((sum, one) => sum + one.end_secs - one.start_secs, 0) / secs) : 0
