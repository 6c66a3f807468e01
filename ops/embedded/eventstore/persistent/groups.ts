import { MAX_STREAM_NAME } from '../log/index.ts'
import { invalid } from '../refusal.ts'
import { metastreamOf } from '../streams/metadata.ts'
import { storedGroups, storeGroups } from './configuration.ts'
import { Group } from './group.ts'
import type { GroupEntry } from './group.ts'
import { checkpointStream, groupKey, parkedStream } from './names.ts'
import { doesNotExist, dropped, exists } from './refusals.ts'
import type { Settings, WireFilter } from './settings.ts'
import { lastRevision, placeOf } from './source.ts'
import type { Store } from './writing.ts'

/** All subscription groups. Changes are made one after the other, and who asks for a group waits for those under way. */
export class Groups {
  readonly #store: Store
  #groups = new Map<string, Group>()
  #changing: Promise<void> = Promise.resolve()

  constructor(store: Store) {
    this.#store = store
    this.#load()
  }

  #load(): void {
    this.#groups = new Map()
    for (const entry of storedGroups(this.#store)) {
      const key = groupKey(entry.stream, entry.group)
      try {
        this.#groups.set(key, new Group(this.#store, entry))
      } catch (error) {
        console.error(`Persistent subscription ${key} cannot be opened: ${(error as Error).message}`)
      }
    }
  }

  /** The log has advanced. */
  wake(): void {
    for (const group of this.#groups.values()) group.wake()
  }

  async get(stream: string, group: string): Promise<Group> {
    await this.#changing
    return this.#existing(stream, group)
  }

  /** Of one stream, or all. */
  async list(stream: string | undefined): Promise<Group[]> {
    await this.#changing
    const groups = [...this.#groups.values()].filter(({ entry }) => stream === undefined || entry.stream === stream)
    if (stream !== undefined && groups.length === 0) throw doesNotExist(stream, '')
    return groups
  }

  create(stream: string, group: string, settings: Settings, filter: WireFilter | undefined, by: string): Promise<void> {
    const key = keyOf(stream, group)
    return this.#change(async () => {
      if (this.#groups.has(key)) throw exists(stream, group)
      const begin = placeOf(this.#store, stream, settings.startFrom)
      await this.#forget(key) // a crash may have left it behind
      const created = new Group(this.#store, { stream, group, settings, filter, begin })
      await this.#save([...this.#entries(), created.entry], by)
      this.#groups.set(key, created)
    })
  }

  /** Drops the consumers; what comes next goes by the new settings, from the checkpoint, and from `startFrom` if there is none. */
  update(stream: string, group: string, settings: Settings, by: string): Promise<void> {
    return this.#change(async () => {
      const old = this.#existing(stream, group)
      const begin = placeOf(this.#store, stream, settings.startFrom)
      const entry = { ...old.entry, settings, begin }
      new Group(this.#store, entry) // throws if it could not begin there
      await this.#save(
        this.#entries().map((other) => (other === old.entry ? entry : other)),
        by,
      )
      await old.stop(dropped(stream, group))
      this.#groups.set(groupKey(stream, group), new Group(this.#store, entry))
    })
  }

  remove(stream: string, group: string, by: string): Promise<void> {
    return this.#change(async () => {
      const old = this.#existing(stream, group)
      await this.#save(
        this.#entries().filter((other) => other !== old.entry),
        by,
      )
      this.#groups.delete(groupKey(stream, group))
      await old.stop(dropped(stream, group))
      await this.#forget(groupKey(stream, group))
    })
  }

  /** Drops all consumers and begins again with what is stored. */
  restart(): Promise<void> {
    return this.#change(async () => {
      await this.#stopAll(true)
      this.#load()
    })
  }

  /** Nothing is given out any more, answers are ignored, and what was dealt with is durable when this resolves. */
  stop(): Promise<void> {
    return this.#change(() => this.#stopAll(false))
  }

  async #stopAll(dropping: boolean): Promise<void> {
    const stopping = Array.from(this.#groups.values(), (group) => {
      const { stream, group: name } = group.entry
      return group.stop(dropping ? dropped(stream, name) : undefined)
    })
    await Promise.all(stopping)
  }

  #existing(stream: string, group: string): Group {
    const found = this.#groups.get(groupKey(stream, group))
    // "a::b" and "c" have the key of "a" and "b::c"; there can be only one of them.
    if (!found || found.entry.stream !== stream) throw doesNotExist(stream, group)
    return found
  }

  #entries(): GroupEntry[] {
    return Array.from(this.#groups.values(), ({ entry }) => entry)
  }

  #save(entries: GroupEntry[], by: string): Promise<void> {
    return storeGroups(this.#store, entries, by)
  }

  /** A group created again under a name knows nothing of the one before. */
  async #forget(key: string): Promise<void> {
    for (const stream of [checkpointStream(key), parkedStream(key)])
      if (lastRevision(this.#store, stream) >= 0) await this.#store.streams.delete(stream, 'any')
  }

  #change(step: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(step)
    this.#changing = done.catch(() => {})
    return done
  }
}

function keyOf(stream: string, group: string): string {
  if (!group) throw invalid('A persistent subscription has a group name')
  const key = groupKey(stream, group)
  if (Buffer.byteLength(metastreamOf(checkpointStream(key))) > MAX_STREAM_NAME)
    throw invalid('The names of the stream and of the group are too long together')
  return key
}
