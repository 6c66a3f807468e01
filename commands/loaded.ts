import { type AnyEvent, type Decider, decode } from '../domain/decider.ts'
import type { Recorded } from '../ops/platform/eventStore.ts'

/** A stream as far as it was read: its fold, and which of its newest commands did what. */
export interface Loaded<State> {
  state: State
  /** -1 when there is no event. */
  revision: number
  position: bigint | undefined
  /** The metadata of its first event. */
  origin: Record<string, any> | undefined
  commands: ReadonlyMap<string, { hash: string; revision: number }>
}

const rememberedCommands = 64

/** A stream without events. */
export const nothing = <State>({ initial }: { initial: State }): Loaded<State> => ({
  state: initial,
  revision: -1,
  position: undefined,
  origin: undefined,
  commands: new Map(),
})

/** The stream with its next event. */
export function advance<State, Event extends AnyEvent>(
  decider: Decider<State, Event>,
  before: Loaded<State>,
  event: Recorded,
): Loaded<State> {
  const { metadata, revision, position } = event
  const decoded = decode(decider, { type: event.type, data: event.data, schema: metadata['schema'] as number })
  const commands = remember(before.commands, metadata['$causationId'] as string, {
    hash: metadata['command_hash'] as string,
    revision,
  })
  return {
    state: decider.evolve(before.state, decoded),
    revision,
    position,
    origin: before.origin ?? metadata,
    commands,
  }
}

/** The newest 64 commands are remembered. */
export function remember(commands: Loaded<unknown>['commands'], id: string, done: { hash: string; revision: number }) {
  const next = new Map(commands).set(id, done)
  if (next.size > rememberedCommands) next.delete(next.keys().next().value!)
  return next
}
