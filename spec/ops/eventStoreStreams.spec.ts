import { expect } from 'chai'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../ops/platform/eventStoreStreams.ts'

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
    expect([seen, cancelled()]).to.deep.equal([[1, 2, 3], 1])
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
