import { expect } from 'chai'
import type { StreamMetadata } from '@eventstore/db-client'
import { events, RunningStore } from './running.ts'

const ROUNDS = Number(process.env['EVENTSTORE_CRASH_ROUNDS'] ?? 10)
const WRITERS = 24

interface Append {
  ids: string[]
  stream: string
  /** Once it is acknowledged. */
  position?: bigint
}

/** Something that happens to a stream of its own, and what then is true of it for ever. */
interface Change {
  kind: 'deleted' | 'tombstoned' | 'truncated'
  stream: string
  acknowledged: boolean
}

describe('The embedded event store under kill -9', function () {
  this.timeout(20_000 + ROUNDS * 5_000)

  it(`loses no acknowledged append, delete or metadata and keeps none in part, ${ROUNDS} times`, async () => {
    let store = await RunningStore.start()
    /** Every append ever sent, and every change. */
    const sent = new Map<string, Append>()
    const changes: Change[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const [sentBefore, changedBefore] = [sent.size, changes.length]
      const fatal = 120 + Math.floor(Math.random() * 200)
      let acknowledged = 0
      let crash!: () => void
      const crashing = new Promise<void>((resolve) => (crash = resolve))
      const appending = async (writer: number, i: number) => {
        const key = `Round-${round}-${writer}-${i}`
        const batch = events(1 + (i % 5), key)
        const append: Append = { ids: batch.map(({ id }) => id), stream: `crash-${(writer + i) % 10}` }
        sent.set(key, append)
        append.position = (await store.client.appendToStream(append.stream, batch)).position!.commit
      }
      const changing = async (writer: number, i: number) => {
        const kind = (['deleted', 'tombstoned', 'truncated'] as const)[i % 3]!
        const change: Change = { kind, stream: `changed-${round}-${writer}-${i}`, acknowledged: false }
        await store.client.appendToStream(change.stream, events(3))
        changes.push(change)
        if (kind === 'deleted') await store.client.deleteStream(change.stream)
        else if (kind === 'tombstoned') await store.client.tombstoneStream(change.stream)
        else await store.client.setStreamMetadata(change.stream, { maxCount: 1, ours: i } as StreamMetadata)
        change.acknowledged = true
      }
      const writing = Array.from({ length: WRITERS }, async (_, writer) => {
        for (let i = 0; ; i++) {
          try {
            await (writer % 6 === 0 ? changing : appending)(writer, i)
          } catch {
            return
          }
          if (++acknowledged === fatal) crash()
        }
      })
      await crashing
      await store.end('SIGKILL')
      await Promise.all(writing)
      store = await RunningStore.start({ dir: store.dir })
      // What was there before is looked at once more at the end.
      await checkAppends(store, new Map([...sent].slice(sentBefore)))
      await Promise.all(changes.slice(changedBefore).map((change) => checkChange(store, change)))
    }
    await checkAppends(store, sent)
    await Promise.all(changes.map((change) => checkChange(store, change)))
    const kinds = new Set(changes.filter(({ acknowledged }) => acknowledged).map(({ kind }) => kind))
    expect(kinds).to.deep.equal(new Set(['deleted', 'tombstoned', 'truncated']))
    await store.remove()
  })
})

async function checkAppends(store: RunningStore, sent: Map<string, Append>) {
  const stored = new Map<string, Required<Append>>()
  const next = new Map<string, bigint>()
  let before = -1n
  for (const { event } of await store.readAll()) {
    const { commit } = event!.position
    if (commit <= before) expect.fail('positions do not increase')
    before = commit
    if (!event!.streamId.startsWith('crash-')) continue
    const revision = next.get(event!.streamId) ?? 0n
    if (event!.revision !== revision) expect.fail('revisions are not dense')
    next.set(event!.streamId, revision + 1n)
    const found = stored.get(event!.type) ?? { ids: [], stream: event!.streamId, position: commit }
    found.ids.push(event!.id)
    stored.set(event!.type, { ...found, position: commit })
  }
  let acknowledged = 0
  for (const [key, append] of sent) {
    const kept = stored.get(key)
    if (append.position !== undefined) acknowledged++
    if (append.position === undefined && !kept) continue
    expect(kept?.stream, key).to.equal(append.stream)
    expect(kept!.ids.join(), key).to.equal(append.ids.join())
    expect(kept!.position, key).to.equal(append.position ?? kept!.position)
  }
  expect(acknowledged).to.be.greaterThan(50)
  for (const [stream, revision] of next)
    expect(await store.revisions(stream)).to.deep.equal(Array.from({ length: Number(revision) }, (_, i) => i))
}

/** It is there as a whole, or not at all; and it is there if it was acknowledged. */
async function checkChange(store: RunningStore, { kind, stream, acknowledged }: Change): Promise<void> {
  const seen = await store.revisions(stream).catch(({ type }: { type: string }) => type)
  const changed = { deleted: 'stream-not-found', tombstoned: 'stream-deleted', truncated: [2] }[kind]
  if (acknowledged) expect(seen, stream).to.deep.equal(changed)
  else expect([changed, [0, 1, 2]], stream).to.deep.include(seen)
}
