export type Expected = number | 'any' | 'no_stream' | 'stream_exists'
export type Refused = 'wrong-expected-version' | 'stream-deleted'
interface Stream {
  ids: string[]
  tombstoned: boolean
  metadata: { maxCount: number; before: number; deleted: boolean } | undefined
  /** How often metadata was written. */
  settings: number
}

/** What the store promises, in memory: one stream of everything, and what may be seen of it. Times and positions left out. */
export class Model {
  readonly #streams = new Map<string, Stream>()
  /** `$all`: a stream and a revision, for metadata and tombstones without their numbers. */
  readonly all: string[] = []
  #remembered = new Map<string, string>()

  of(stream: string): Stream {
    let found = this.#streams.get(stream)
    if (!found) this.#streams.set(stream, (found = { ids: [], tombstoned: false, metadata: undefined, settings: 0 }))
    return found
  }

  /** The stream's last revision afterwards. */
  append(stream: string, expected: Expected, ids: readonly string[]): number | Refused {
    const { tombstoned, ids: stored, metadata } = this.of(stream)
    if (tombstoned) return 'stream-deleted'
    const again = this.#again(stream, expected, ids)
    if (again !== undefined) return again
    if (expected === 'stream_exists' && metadata?.deleted) return 'stream-deleted'
    if (!this.#allows(stream, expected)) return 'wrong-expected-version'
    if (ids.length === 0) return stored.length - 1
    if (metadata?.deleted) this.#set(stream, { ...metadata, deleted: false, before: stored.length })
    for (const id of ids) {
      this.#remembered.set(id, `${stream} ${stored.length}`)
      this.all.push(`${stream} ${stored.length}`)
      stored.push(id)
    }
    return stored.length - 1
  }

  delete(stream: string, expected: Expected): Refused | undefined {
    const { tombstoned, ids, metadata } = this.of(stream)
    if (tombstoned) return 'stream-deleted'
    if (!this.#allows(stream, expected) || (ids.length === 0 && !metadata)) return 'wrong-expected-version'
    this.#set(stream, { maxCount: Infinity, before: 0, ...metadata, deleted: true })
    return undefined
  }

  tombstone(stream: string, expected: Expected): Refused | undefined {
    const found = this.of(stream)
    if (found.tombstoned) return 'stream-deleted'
    if (!this.#allows(stream, expected)) return 'wrong-expected-version'
    found.tombstoned = true
    this.all.push(`${stream} tombstone`)
    return undefined
  }

  setMetadata(stream: string, { maxCount = Infinity, before = 0 }): Refused | undefined {
    const { tombstoned, metadata, ids } = this.of(stream)
    if (tombstoned) return 'stream-deleted'
    this.#set(stream, { maxCount, before, deleted: false })
    if (metadata?.deleted && before === 0) this.#set(stream, { maxCount, before: ids.length, deleted: false })
    return undefined
  }

  /** The revisions and ids that can be read. */
  read(stream: string): string[] | 'stream-not-found' | 'stream-deleted' {
    const { tombstoned, ids, metadata } = this.of(stream)
    if (tombstoned) return 'stream-deleted'
    if (ids.length === 0 || metadata?.deleted) return 'stream-not-found'
    const first = Math.max(metadata?.before ?? 0, ids.length - (metadata?.maxCount ?? Infinity))
    return ids.map((id, revision) => `${revision} ${id}`).filter((_, revision) => revision >= first)
  }

  /** At `any` only the running process knows what it wrote. */
  restart(): void {
    this.#remembered = new Map()
  }

  #set(stream: string, metadata: NonNullable<Stream['metadata']>): void {
    const found = this.of(stream)
    found.metadata = metadata
    this.all.push(`$$${stream} ${found.settings++}`)
  }

  #allows(stream: string, expected: Expected): boolean {
    const { ids, metadata } = this.of(stream)
    if (expected === 'any') return true
    if (expected === 'no_stream') return ids.length === 0 || metadata?.deleted === true
    if (expected === 'stream_exists') return (ids.length > 0 || metadata !== undefined) && !metadata?.deleted
    return expected === ids.length - 1
  }

  #again(stream: string, expected: Expected, ids: readonly string[]): number | 'wrong-expected-version' | undefined {
    const { ids: stored, metadata } = this.of(stream)
    if (ids.length === 0 || stored.length === 0 || expected === stored.length - 1) return undefined
    if (expected === 'any' || expected === 'stream_exists') {
      const known = ids
        .map((id) => this.#remembered.get(id))
        .map((at) => (at?.startsWith(`${stream} `) ? at : undefined))
      const first = Number(known[0]?.split(' ')[1])
      if (known.every((at, i) => at === `${stream} ${first + i}`)) return first + ids.length - 1
      return known.some((at) => at) ? 'wrong-expected-version' : undefined
    }
    const starts = expected === 'no_stream' ? [0, metadata?.before ?? 0] : [expected + 1]
    const first = starts.find((start) => ids.every((id, i) => stored[start + i] === id))
    return first === undefined ? undefined : first + ids.length - 1
  }
}
