import { expect } from 'chai'
import { ANY, binaryEvent, jsonEvent, NO_STREAM } from '@eventstore/db-client'
import { fresh, idsOf, PATHS } from './conformance/store.ts'
import { collect, events, refusal, RunningStore } from './running.ts'

const MAX_APPEND = 1024 * 1024
/** An event counted with exactly so many bytes: its data, its metadata, and twice its type. */
const counted = (bytes: number) => jsonEvent({ type: 'Big', data: 'x'.repeat(bytes - 8) as never })

/** What the protocol leaves open, or what no client of another store may rely on. */
describe('Appending to the embedded event store', () => {
  let store: RunningStore
  before(async () => (store = await RunningStore.start()))
  after(() => store.remove())

  it('knows an append at an exact revision again after a restart', async () => {
    const stream = fresh()
    const batch = events(3)
    const first = await store.client.appendToStream(stream, batch, { expectedRevision: NO_STREAM })
    const later = await store.client.appendToStream(stream, events(1), { expectedRevision: 2n })
    store = await store.again()
    expect(await store.client.appendToStream(stream, batch, { expectedRevision: NO_STREAM })).to.deep.equal(first)
    expect(later.position!.commit > first.position!.commit).to.equal(true)
    expect(await store.revisions(stream)).to.deep.equal([0, 1, 2, 3])
  })

  for (const kill of [false, true])
    it(`knows an append to a deleted stream at no_stream again${kill ? ', after a restart too' : ''}`, async () => {
      const stream = fresh()
      await store.client.appendToStream(stream, events(2))
      await store.client.deleteStream(stream)
      const batch = events(2)
      const append = () => store.client.appendToStream(stream, batch, { expectedRevision: NO_STREAM })
      const first = await append()
      if (kill) store = await store.again()
      expect(await append()).to.deep.equal(first)
      expect(await store.revisions(stream)).to.deep.equal([2, 3])
    })

  it('refuses at any what was partly written before, wherever the old events stand', async () => {
    const stream = fresh()
    const [a, b, c] = events(3)
    await store.client.appendToStream(stream, [a!, b!])
    for (const batch of [
      [b!, c!],
      [c!, b!],
      [c!, a!, b!],
      [b!, a!],
    ]) {
      const error = await refusal(store.client.appendToStream(stream, batch, { expectedRevision: ANY }))
      expect(error.type).to.equal('wrong-expected-version')
    }
    expect(await store.revisions(stream)).to.deep.equal([0, 1])
  })

  it('keeps the order of appends that one client does not wait for', async () => {
    const stream = fresh()
    // The very first append of a client is overtaken by those right behind it, in the client.
    await store.client.appendToStream(fresh(), events(1))
    const batches = Array.from({ length: 300 }, (_, i) => events(1 + (i % 3)))
    await Promise.all(batches.map((batch) => store.client.appendToStream(stream, batch)))
    const stored = await collect(store.client.readStream(stream))
    expect(idsOf(stored)).to.deep.equal(batches.flatMap(idsOf))
  })

  it('lets appends build on ones that are not acknowledged yet, and fail with them', async () => {
    const stream = fresh()
    await store.client.appendToStream(fresh(), events(1))
    const at = (expectedRevision: bigint | typeof NO_STREAM) =>
      store.client.appendToStream(stream, events(1), { expectedRevision }).then(
        ({ nextExpectedRevision }) => nextExpectedRevision,
        ({ type }: { type: string }) => type,
      )
    const wrong = 'wrong-expected-version'
    const outcomes = await Promise.all([at(NO_STREAM), at(0n), at(1n), at(5n), at(2n), at(0n), at(3n)])
    expect(outcomes).to.deep.equal([0n, 1n, 2n, wrong, 3n, wrong, 4n])
  })

  for (const [path, options] of Object.entries(PATHS)) {
    it(`${path}: takes 1 MiB exactly, in one event or in many, and not one byte more`, async () => {
      for (const sizes of [[MAX_APPEND], Array.from({ length: 128 }, () => MAX_APPEND / 128)]) {
        const stream = fresh()
        await store.client.appendToStream(stream, sizes.map(counted), options)
        const more = [...sizes.slice(0, -1), sizes.at(-1)! + 1]
        const error = await refusal(store.client.appendToStream(stream, more.map(counted), options))
        expect(error).to.include({ type: 'maximum-append-size-exceeded', maxAppendSize: MAX_APPEND })
        expect(await store.revisions(stream)).to.have.length(sizes.length)
      }
    })

    it(`${path}: counts metadata and the type`, async () => {
      for (const parts of [
        { type: 'T'.repeat(1000), data: 'x'.repeat(MAX_APPEND - 2001) },
        { type: 'T', data: 'x'.repeat(MAX_APPEND - 105), metadata: 'm'.repeat(100) },
      ]) {
        const error = await refusal(store.client.appendToStream(fresh(), jsonEvent(parts as never), options))
        expect(error.type).to.equal('maximum-append-size-exceeded')
      }
    })

    it(`${path}: refuses names that no stream can have, and nothing else that is sent at the same time`, async () => {
      const [there, elsewhere] = [fresh(), fresh()]
      await store.client.appendToStream(there, events(3))
      const good = store.client.appendToStream(elsewhere, events(1), options)
      const append = (stream: string, event = events(1)[0]!) => store.client.appendToStream(stream, event, options)
      expect((await refusal(append('ä'.repeat(1000)))).message).to.contain('at most')
      expect((await refusal(append(''))).message).to.contain('has a name')
      const noUuid = await refusal(append(there, { ...events(1)[0]!, id: '7' }))
      expect(noUuid.message).to.contain("An event's id is a UUID")
      expect((await good).success).to.equal(true)
      expect(await store.revisions(there)).to.deep.equal([0, 1, 2])
    })
  }

  it('takes names of 1500 bytes, with metadata and deletes, and not one more', async () => {
    const longest = ['n', 'ä', '☃', '𝄞'].map((letter) => {
      let stream = fresh()
      while (Buffer.byteLength(stream + letter) <= 1500) stream += letter
      return stream + 'n'.repeat(1500 - Buffer.byteLength(stream))
    })
    for (const stream of longest) {
      await store.client.appendToStream(stream, events(2))
      await store.client.setStreamMetadata(stream, { maxCount: 1 })
      expect(await store.revisions(stream)).to.deep.equal([1])
    }
    store = await store.again()
    for (const stream of longest) {
      expect(await store.revisions(stream)).to.deep.equal([1])
      await store.client.deleteStream(stream)
      await store.client.appendToStream(stream, events(1))
      expect(await store.revisions(stream)).to.deep.equal([2])
      const refused = [
        store.client.appendToStream(`${stream}n`, events(1)),
        store.revisions(`${stream}n`),
        store.client.setStreamMetadata(`${stream}n`, {}),
        store.client.deleteStream(`${stream}n`),
      ]
      for (const { message } of await Promise.all(refused.map(refusal)))
        expect(message).to.contain('at most 1500 bytes')
    }
  })

  it('refuses more events than one record can hold, however small they are, and can be started again', async () => {
    const many = Array.from({ length: 45_000 }, () => binaryEvent({ type: 'T', data: new Uint8Array() }))
    const refused = await refusal(store.client.appendToStream('n'.repeat(1500), many))
    expect(refused.type).to.equal('maximum-append-size-exceeded')
    await store.client.appendToStream('after', events(1))
    store = await store.again()
    expect(await store.revisions('after')).to.deep.equal([0])
  })
})
