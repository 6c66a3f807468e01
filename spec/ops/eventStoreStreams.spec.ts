import { ErrorType } from '@eventstore/db-client'
import { expect } from 'chai'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { batches, gathered, until } from '../../ops/platform/eventStoreStreams.ts'

const silenceMs = 40
const patience = { silenceMs, onSilence: () => new Error('silent') }

function readable(items: Iterable<number> | AsyncIterable<number>) {
  let cancelled = 0
  const cancel = () => Promise.resolve(void cancelled++)
  return { read: Object.assign(Readable.from(items), { cancel }), cancelled: () => cancelled }
}

describe('a read of the event store', () => {
  it('is given as it comes to a loop that takes longer than a silence may', async () => {
    const { read, cancelled } = readable([1, 2, 3])
    const seen: number[] = []
    for await (const item of until<number>(read, patience)) {
      seen.push(item)
      await delay(3 * silenceMs)
    }
    expect([seen, cancelled()]).to.deep.equal([[1, 2, 3], 0])
  })

  it('is not cancelled when there is no such stream: it is over', async () => {
    const { read, cancelled } = readable(
      (async function* () {
        yield await Promise.resolve(1)
        throw Object.assign(new Error('not there'), { type: ErrorType.STREAM_NOT_FOUND })
      })(),
    )
    const reading = (async () => {
      for await (const _ of until<number>(read, patience)) continue
    })()
    expect(await reading.catch((error: Error) => error.message)).to.equal('not there')
    expect(cancelled()).to.equal(0)
  })

  it('ends with an error when nothing comes for too long', async () => {
    const { read, cancelled } = readable(
      (async function* () {
        yield 1
        await delay(20 * silenceMs)
        yield 2
      })(),
    )
    const seen: number[] = []
    const reading = (async () => {
      for await (const item of until<number>(read, patience)) seen.push(item)
    })()
    expect(await reading.catch((error: Error) => error.message)).to.equal('silent')
    expect([seen, cancelled()]).to.deep.equal([[1], 1])
  })

  it('is let go of when the loop is left early', async () => {
    const { read, cancelled } = readable([1, 2, 3])
    for await (const item of until<number>(read, patience)) if (item === 1) break
    expect(cancelled()).to.equal(1)
  })
})

describe('a read of the event store that is gathered', () => {
  const evens = (item: number, into: number[]) => {
    if (item % 2 === 0) into.push(item)
  }
  const all = async (stream: Readable) => {
    const seen: number[] = []
    for await (const items of gathered(stream, evens, patience)) seen.push(...items)
    return seen
  }

  it('has everything that was taken, in order, however much there is and however long the loop takes', async () => {
    const seen: number[] = []
    const numbers = Array.from({ length: 6000 }, (_, i) => i)
    for await (const items of gathered(Readable.from(numbers), evens, patience)) {
      seen.push(...items)
      await delay(2 * silenceMs)
    }
    expect(seen).to.deep.equal(numbers.filter((n) => n % 2 === 0))
  })

  it('is not silent as long as something comes, though nothing of it is taken', async () => {
    const odd = (async function* () {
      for (let n = 1; n < 40; n += 2) {
        yield n
        await delay(silenceMs / 4)
      }
      yield 2
    })()
    expect(await all(Readable.from(odd))).to.deep.equal([2])
  })

  it('ends with an error when nothing comes for too long, and with the one that it broke on', async () => {
    const silent = new Readable({ objectMode: true, read: () => undefined })
    expect(await all(silent).catch((error: Error) => error.message)).to.equal('silent')
    const broken = Readable.from(
      (async function* () {
        yield await Promise.resolve(2)
        throw new Error('broken')
      })(),
    )
    expect(await all(broken).catch((error: Error) => error.message)).to.equal('broken')
  })
})

describe('a subscription of the event store', () => {
  it('ends where whoever hears that all has come says that it is enough', async () => {
    const stream = new Readable({ objectMode: true, read: () => undefined })
    const enough = new AbortController()
    stream.push(1)
    const seen: number[][] = []
    setImmediate(() => stream.emit('caughtUp'))
    const onCaughtUp = () => enough.abort()
    for await (const batch of batches<number>(stream, { signal: enough.signal, batchSize: 10, onCaughtUp }))
      seen.push(batch)
    expect(seen).to.deep.equal([[1]])
  })
})
