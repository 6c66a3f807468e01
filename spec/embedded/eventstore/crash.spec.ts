import { expect } from 'chai'
import { events, RunningStore } from './running.ts'

const ROUNDS = Number(process.env['EVENTSTORE_CRASH_ROUNDS'] ?? 3)
const WRITERS = 24

interface Append {
  ids: string[]
  stream: string
  /** Once it is acknowledged. */
  position?: bigint
}

describe('The embedded event store under kill -9', function () {
  this.timeout(20_000 + ROUNDS * 5_000)

  it(`loses no acknowledged append and keeps none in part, ${ROUNDS} times`, async () => {
    let store = await RunningStore.start()
    /** Every append ever sent: its ids, and its position once acknowledged. */
    const sent = new Map<string, Append>()
    for (let round = 0; round < ROUNDS; round++) {
      const fatal = 200 + Math.floor(Math.random() * 500)
      let acknowledged = 0
      let crash!: () => void
      const crashing = new Promise<void>((resolve) => (crash = resolve))
      const writing = Array.from({ length: WRITERS }, async (_, writer) => {
        for (let i = 0; ; i++) {
          const key = `Round-${round}-${writer}-${i}`
          const batch = events(1 + (i % 5), key)
          const append: Append = {
            ids: batch.map(({ id }) => id),
            stream: `crash-${(writer + i) % 10}`,
          }
          sent.set(key, append)
          try {
            append.position = (await store.client.appendToStream(append.stream, batch)).position!.commit
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
      await check(store, sent)
    }
    await store.remove()
  })
})

async function check(store: RunningStore, sent: Map<string, Append>) {
  const stored = new Map<string, { ids: string[]; stream: string; position: bigint }>()
  const next = new Map<string, bigint>()
  let before = -1n
  for (const { event } of await store.readAll()) {
    const { commit } = event!.position
    expect(commit > before, 'positions increase').to.equal(true)
    before = commit
    const revision = next.get(event!.streamId) ?? 0n
    expect(event!.revision, 'revisions are dense').to.equal(revision)
    next.set(event!.streamId, revision + 1n)
    const ids = [...(stored.get(event!.type)?.ids ?? []), event!.id]
    stored.set(event!.type, { ids, stream: event!.streamId, position: commit })
  }
  let acknowledged = 0
  for (const [key, append] of sent) {
    const kept = stored.get(key)
    if (append.position !== undefined) acknowledged++
    if (append.position !== undefined || kept)
      expect(kept).to.deep.equal({ ...append, position: append.position ?? kept!.position })
  }
  expect(acknowledged).to.be.greaterThan(100)
  for (const [stream, revision] of next)
    expect(await store.revisions(stream)).to.deep.equal(Array.from({ length: Number(revision) }, (_, i) => i))
}
