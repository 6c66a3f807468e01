import { expect } from 'chai'
import { jsonEvent, streamNameFilter } from '@eventstore/db-client'
import { events, refusal } from '../running.ts'
import { fresh, PATHS, storeUnderTest, until } from './store.ts'

const MAX_APPEND = 1024 * 1024
/** An event that is counted with about so many bytes. */
const big = (bytes: number) => jsonEvent({ type: 'Big', data: 'x'.repeat(bytes - 8) as never })

describe('Limits', () => {
  const store = storeUnderTest()

  for (const [path, options] of Object.entries(PATHS)) {
    const appends: [what: string, sizes: number[], fits: boolean][] = [
      ['one event a little below 1 MiB', [MAX_APPEND - 64], true],
      ['one event a little above 1 MiB', [MAX_APPEND + 64], false],
      ['one event of 4 MiB', [4 * MAX_APPEND], false],
      ['many events a little below 1 MiB', Array.from({ length: 64 }, () => MAX_APPEND / 64 - 20), true],
      ['many events a little above 1 MiB', Array.from({ length: 64 }, () => MAX_APPEND / 64 + 20), false],
      ['several messages of the client', Array.from({ length: 70 }, () => 100_000), false],
      ['a large event behind small ones', [10, 10, MAX_APPEND + 64], false],
    ]
    for (const [what, sizes, fits] of appends)
      it(`${path}: ${what}: ${fits ? 'is written' : 'is refused as a whole, and the next append is not'}`, async () => {
        const stream = fresh()
        const append = store.client.appendToStream(stream, sizes.map(big), options)
        if (fits) expect((await append).nextExpectedRevision).to.equal(BigInt(sizes.length - 1))
        else {
          const error = await refusal(append)
          expect(error).to.include({ type: 'maximum-append-size-exceeded', maxAppendSize: MAX_APPEND })
          expect(await store.seen(stream)).to.equal('stream-not-found')
        }
        const { nextExpectedRevision } = await store.client.appendToStream(stream, events(1), options)
        expect(nextExpectedRevision).to.equal(BigInt(fits ? sizes.length : 0))
      })

    it(`${path}: metadata counts too`, async () => {
      const stream = fresh()
      const heavy = jsonEvent({ type: 'Big', data: {}, metadata: { text: 'x'.repeat(MAX_APPEND) } })
      const error = await refusal(store.client.appendToStream(stream, heavy, options))
      expect(error.type).to.equal('maximum-append-size-exceeded')
      expect(await store.seen(stream)).to.equal('stream-not-found')
    })
  }

  it('An append that is too large spoils none that is sent at the same time', async () => {
    const stream = fresh()
    const good = Array.from({ length: 30 }, () => store.client.appendToStream(stream, events(1)))
    const bad = [1, 2].map(() => refusal(store.client.appendToStream(fresh(), big(2 * MAX_APPEND))))
    const more = Array.from({ length: 30 }, () => store.client.appendToStream(stream, events(1)))
    for (const error of await Promise.all(bad)) expect(error.type).to.equal('maximum-append-size-exceeded')
    await Promise.all([...good, ...more])
    expect(await store.revisions(stream)).to.have.length(60)
  })

  for (const length of [1, 100, 500])
    it(`A stream's name may have ${length} more characters`, async () => {
      const stream = fresh() + 'n'.repeat(length)
      await store.client.appendToStream(stream, events(1))
      await store.client.setStreamMetadata(stream, { maxCount: 2 })
      const [found] = await store.read(stream)
      expect(found!.event!.streamId).to.equal(stream)
    })

  it('An invalid regular expression ends the subscription with an error, and no other', async () => {
    const filter = streamNameFilter({ regex: '(' })
    await refusal(until(store.client.subscribeToAll({ filter }), () => true))
    const stream = fresh()
    await store.client.appendToStream(stream, events(1))
    const good = streamNameFilter({ regex: `^${stream}$` })
    expect(await until(store.client.subscribeToAll({ filter: good }), () => true)).to.have.length(1)
  })
})
