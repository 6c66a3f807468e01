import { splitStream } from '../domain/decider.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'

/** Said of whoever was refused, some time later, and of the session that asks: not what a refused request was after. */
const asides = new Set(['refusal', 'session'])

/** What was appended while this ran, as `<type> <stream>`, but for the asides. */
export async function appendedDuring(store: EventStore, act: () => Promise<void>): Promise<string[]> {
  const before = await store.head()
  await act()
  const found: string[] = []
  for await (const events of store.readAll(before))
    found.push(...events.filter(({ stream }) => !asides.has(splitStream(stream)[0])).map(nameOf))
  return found
}

const nameOf = ({ type, stream }: { type: string; stream: string }) => `${type} ${stream}`
