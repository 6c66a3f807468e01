import { load } from '../commands/handle.ts'
import { decode, fold, streamOf } from '../domain/decider.ts'
import * as Settings from '../domain/settings.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'

/** The settings of a facility as the log had them at a position, beside what the environment says. */
export async function settingsThen(
  store: EventStore,
  { environment, facility_id, position }: { environment: Settings.State; facility_id: string; position: bigint },
): Promise<Settings.Layers> {
  const [system, facility] = await Promise.all(['system', facility_id].map((id) => stateThen(store, id, position)))
  return { environment, facility: facility!, system: system! }
}

async function stateThen(store: EventStore, id: string, position: bigint): Promise<Settings.State> {
  const now = await load(store, Settings, id)
  if (now.position === undefined || now.position <= position) return now.state
  const events = await store.read(streamOf(Settings, id))
  return fold(
    Settings,
    events
      .filter((event) => event.position <= position)
      .map((event) => decode(Settings, { ...event, schema: event.metadata['schema'] as number })),
  )
}
