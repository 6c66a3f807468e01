import type { Decision, Upcast } from './decider.ts'
import type { Format } from './transcodeJob.ts'

// What can be set while it runs: for the whole installation in `settings-system`, for one facility in `settings-<facility id>`.
export const category = 'settings'

/** Every setting by its key. Values are plain JSON. */
export interface Values {
  /** What recordings become. */
  transcode_formats: readonly Format[]
  /** Bits per second of each. */
  transcode_bitrate: number
  /** Whether recordings are listened to as they arrive, and by which model, or by which of them. */
  automatic_inference: { enabled: boolean; model?: string; models?: readonly string[] }
  /** Recordings received more than so many days ago are deleted; 0: never. */
  recording_retention_days: number
  /** The bytes of what was deleted are removed for good after so many days; until then it can be restored. */
  recording_purge_days: number
}

export type Key = keyof Values
type Value = Values[Key]

/** What holds where nobody has set anything. */
export const defaults: Readonly<Values> = {
  transcode_formats: ['opus-webm', 'aac-mp4'],
  transcode_bitrate: 96_000,
  automatic_inference: { enabled: false },
  recording_retention_days: 0,
  recording_purge_days: 7,
}

export const keys = Object.keys(defaults) as [Key, ...Key[]]

// These names and shapes are the storage format. Never edit one in place: see `history`.
/** Without `value`: what is set further out holds again. */
export type Event = {
  type: 'SettingChanged'
  data: { key: Key; value?: Value; previous?: Value; changed_at: string }
}

/** What is set here; keys that are not are inherited. */
export type State = Readonly<Partial<Values>>

export const initial: State = {}

export function evolve(state: State, { data: { key, value } }: Event): State {
  const { [key]: _, ...others } = state
  return value === undefined ? others : { ...others, [key]: value }
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** Sets the key here, or takes back what was set. `value` has its fields in the order of `Values`. */
export const change =
  ({ key, value, changed_at }: { key: Key; value?: Value; changed_at: string }): Decision<State, Event> =>
  (state) => {
    const previous = state[key]
    if (same(previous, value)) return []
    const data = {
      key,
      ...(value !== undefined && { value }),
      ...(previous !== undefined && { previous }),
      changed_at,
    }
    return [{ type: 'SettingChanged', data }]
  }

export type Source = 'environment' | 'facility' | 'system' | 'default'

/** Whoever has said something, the first in this order wins. */
export interface Layers {
  environment: State
  /** Absent where no facility is asked about. */
  facility?: State
  system: State
}

/** The value that holds, and who says so. */
export function effective<K extends Key>(
  key: K,
  { environment, facility, system }: Layers,
): { value: Values[K]; source: Source } {
  const layers: [Source, State | undefined][] = [
    ['environment', environment],
    ['facility', facility],
    ['system', system],
  ]
  const [source, set] = layers.find(([, layer]) => layer?.[key] !== undefined) ?? (['default', defaults] as const)
  return { value: set![key] as Values[K], source }
}

/** The models that listen to what arrives. */
export const listening = ({ enabled, model, models = [] }: Values['automatic_inference']): readonly string[] =>
  enabled ? [...new Set([...(model === undefined ? [] : [model]), ...models])] : []

export const history: Record<Event['type'], readonly Upcast[]> = { SettingChanged: [] }
