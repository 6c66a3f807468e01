import { median, spread } from './measure.ts'
import type { Spread } from './measure.ts'

export type Unit = '/s' | 'ms' | 's' | 'MB' | 'MB/s' | ''

/** A bound that `ours`, or `ratio`, should keep. */
export interface Target {
  readonly of: 'ours' | 'ratio'
  readonly least?: number
  readonly most?: number
}

export interface Figure {
  /** Does not change: files of different days are compared by it. */
  readonly id: string
  readonly what: string
  readonly unit: Unit
  readonly ours: Spread
  /** The limit, or a peer, measured in the same run. */
  readonly beside?: Spread & { readonly what: string }
  /** Ours by the other's: the median over the rounds. */
  readonly ratio?: number
  readonly targets: readonly Target[]
  /** undefined: nothing was asked. */
  readonly ok?: boolean
}

export interface Measured {
  readonly id: string
  readonly what: string
  readonly unit: Unit
  /** One value a round. */
  readonly ours: readonly number[]
  readonly beside?: { readonly what: string; readonly values: readonly number[]; readonly compared?: false }
  readonly targets?: readonly Target[]
}

export function figureOf({ id, what, unit, ours, beside, targets = [] }: Measured): Figure {
  const figure = { id, what, unit, ours: spread(ours), targets }
  if (!beside) return { ...figure, ...verdict(targets, figure.ours.median, NaN) }
  const { values, compared = true } = beside
  const shown = { ...figure, beside: { what: beside.what, ...spread(values) } }
  if (!compared) return { ...shown, ...verdict(targets, figure.ours.median, NaN) }
  const paired = values.length === ours.length
  const ratio = paired ? median(ours.map((value, i) => value / values[i]!)) : figure.ours.median / shown.beside.median
  return { ...shown, ratio, ...verdict(targets, figure.ours.median, ratio) }
}

function verdict(targets: readonly Target[], ours: number, ratio: number): { ok?: boolean } {
  if (targets.length === 0) return {}
  const kept = ({ of, least = -Infinity, most = Infinity }: Target) => {
    const value = of === 'ours' ? ours : ratio
    return value >= least && value <= most
  }
  return { ok: targets.every(kept) }
}

/** Three digits, as a person would say them: `9.81k/s`, `0.85 ms`, `142 MB`. */
export function inWords(value: number, unit: Unit): string {
  const [scaled, scale] = value >= 1e6 ? [value / 1e6, 'M'] : value >= 1e3 ? [value / 1e3, 'k'] : [value, '']
  const digits = scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2
  return `${scaled.toFixed(digits)}${scale}${unit === '/s' ? unit : ` ${unit}`}`
}

export function spreadInWords({ median, low, high }: Spread, unit: Unit): string {
  const shown = inWords(median, unit)
  return low === high ? shown : `${shown} (${inWords(low, unit)} – ${inWords(high, unit)})`
}

export function targetInWords({ of, least, most }: Target, unit: Unit): string {
  const sign = least === undefined ? '≤' : '≥'
  const bound = least ?? most ?? NaN
  return `${sign} ${of === 'ratio' ? `${bound}×` : inWords(bound, unit)}`
}
