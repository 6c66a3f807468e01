type Level = number | null

/** What sound-levels finds, in dBFS; null: digital silence. */
export interface Levels {
  duration_secs: number
  bands_hz: readonly number[]
  overall: { rms_dbfs: Level; peak_dbfs: Level; crest_db: Level }
  seconds: { rms_dbfs: readonly Level[]; peak_dbfs: readonly Level[]; bands_dbfs: readonly (readonly Level[])[] }
}

/** Undefined where the result is of another kind. */
export function levelsIn(result: unknown): Levels | undefined {
  const { duration_secs, bands_hz = [], overall, seconds } = (result ?? {}) as Partial<Levels>
  const isThere = overall && Array.isArray(seconds?.rms_dbfs) && Array.isArray(seconds.peak_dbfs)
  if (!isThere || typeof duration_secs !== 'number') return undefined
  return { duration_secs, bands_hz, overall, seconds: { ...seconds, bands_dbfs: seconds.bands_dbfs ?? [] } }
}

/** The mean of what these levels stand for: of energies, not of decibels. */
function meanOf(levels: readonly Level[]): Level {
  const sum = levels.reduce<number>((all, level) => all + (level === null ? 0 : 10 ** (level / 10)), 0)
  return sum > 0 ? 10 * Math.log10(sum / levels.length) : null
}

const highestOf = (levels: readonly Level[]): Level =>
  levels.reduce((highest, level) => (level !== null && (highest === null || level > highest) ? level : highest), null)

export interface Point {
  /** Seconds from the beginning: the middle of what it is of. */
  at: number
  rms: Level
  peak: Level
  bands: Level[]
}

/** At most so many points, each of as many whole seconds: the mean of their energy, and the highest of their peaks. */
export function pointsOf({ duration_secs, bands_hz, seconds }: Levels, most = 600): Point[] {
  const length = seconds.rms_dbfs.length
  const step = Math.max(1, Math.ceil(length / most))
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => {
    const [from, to] = [i * step, Math.min((i + 1) * step, length)]
    return {
      at: (from + Math.max(from, Math.min(to, duration_secs))) / 2,
      rms: meanOf(seconds.rms_dbfs.slice(from, to)),
      peak: highestOf(seconds.peak_dbfs.slice(from, to)),
      bands: bands_hz.map((_, band) => meanOf(seconds.bands_dbfs.slice(from, to).map((all) => all[band] ?? null))),
    }
  })
}

export interface Range {
  floor: number
  top: number
}

/** Round levels that all of these lie between, no lower than anybody hears. */
export function rangeOf(levels: readonly Level[]): Range {
  const lowest = levels.reduce<number>((low, level) => Math.min(low, level ?? low), -40)
  const highest = levels.reduce<number>((high, level) => Math.max(high, level ?? high), -120)
  const floor = Math.max(-120, 20 * Math.floor(lowest / 20))
  return { floor, top: Math.min(0, Math.max(floor + 20, 10 * Math.ceil(highest / 10))) }
}

const ramp = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
] as const

/** From dark at the floor to bright at the top, as eyes that see fewer colours can follow it too: red, green and blue from 0 to 255. */
export function colourOf(level: Level, { floor, top }: Range): [number, number, number] {
  const share = ((level ?? floor) - floor) / (top - floor)
  const place = Math.max(0, Math.min(1, share)) * (ramp.length - 1)
  const below = Math.min(ramp.length - 2, Math.floor(place))
  const mixed = ([0, 1, 2] as const).map((part) => {
    const [from, to] = [ramp[below]![part], ramp[below + 1]![part]]
    return Math.round(from + (to - from) * (place - below))
  })
  return mixed as [number, number, number]
}
