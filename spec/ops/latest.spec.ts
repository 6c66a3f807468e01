import { expect } from 'chai'
import { writeLatest } from '../../ops/platform/latest.ts'
import { eventually } from '../eventually.ts'
import { specLog } from '../system.ts'

describe('what is written in batches', () => {
  type Written = readonly (readonly [string, Record<string, number>])[]

  /** Writes to memory, or throws what `fault` says. */
  function latest(everyMs = 5) {
    const outside: {
      written: Written[]
      fault?: Error | undefined
      attempts: number
      failing?: number
      meanwhile?: () => void
    } = {
      written: [],
      attempts: 0,
    }
    const batches = writeLatest<Record<string, number>>({
      what: 'specs',
      everyMs,
      merge: (before, after) => ({ ...before, ...after }),
      write: async (values) => {
        outside.attempts++
        if (outside.attempts === outside.failing) throw new Error('away')
        outside.meanwhile?.()
        if (outside.fault) throw outside.fault
        outside.written.push(values)
      },
      mayPass: (error) => (error as Error).message === 'away',
      log: specLog,
    })
    return { outside, batches }
  }

  it('is the latest of each id, all in one go, and once', async () => {
    const { outside, batches } = latest()
    batches.set('a', { x: 1 })
    batches.set('b', { x: 2 })
    batches.set('a', { y: 3 })
    await eventually(() => expect(outside.written).to.have.length(1))
    await batches.close()
    const rows = [
      ['a', { x: 1, y: 3 }],
      ['b', { x: 2 }],
    ]
    expect(outside.written).to.deep.equal([rows])
  })

  it('is kept while it cannot be written, and what has come since counts', async () => {
    const { outside, batches } = latest()
    outside.fault = new Error('away')
    batches.set('a', { x: 1, y: 1 })
    await eventually(() => expect(outside.attempts).to.be.greaterThan(2))
    batches.set('a', { x: 2 })
    batches.set('b', { x: 9 })
    outside.fault = undefined
    await eventually(() => expect(outside.written).to.have.length(1))
    await batches.close()
    const rows = [
      ['a', { x: 2, y: 1 }],
      ['b', { x: 9 }],
    ]
    expect(outside.written).to.deep.equal([rows])
  })

  it('is overtaken by what comes while it is being written in vain', async () => {
    const { outside, batches } = latest()
    outside.fault = new Error('away')
    outside.meanwhile = () => {
      delete outside.meanwhile
      batches.set('a', { x: 2 })
    }
    batches.set('a', { x: 1, y: 1 })
    await eventually(() => expect(outside.attempts).to.be.greaterThan(0))
    outside.fault = undefined
    await batches.close()
    expect(outside.written).to.deep.equal([[['a', { x: 2, y: 1 }]]])
  })

  it('is given up where trying again cannot help, and the next is written', async () => {
    const { outside, batches } = latest()
    outside.fault = new Error('cannot be written')
    batches.set('a', { x: 1 })
    await eventually(() => expect(outside.attempts).to.be.greaterThan(0))
    outside.fault = undefined
    batches.set('b', { x: 2 })
    await batches.close()
    expect(outside.written).to.deep.equal([[['b', { x: 2 }]]])
  })

  it('goes out in parts of 5,000, none of which is lost or written twice when one fails', async () => {
    const { outside, batches } = latest()
    outside.failing = 2
    for (let n = 0; n < 12_000; n++) batches.set(String(n), { n })
    await eventually(() => expect(outside.attempts).to.be.greaterThan(3))
    await batches.close()
    expect(outside.written.map((part) => part.length)).to.deep.equal([5000, 5000, 2000])
    expect(new Set(outside.written.flat().map(([id]) => id)).size).to.equal(12_000)
  })

  it('is bounded: beyond 200,000 ids that wait, the oldest go', async () => {
    const { outside, batches } = latest(60_000)
    for (let n = 0; n < 200_010; n++) batches.set(String(n), { n })
    await batches.close()
    const ids = outside.written.flat().map(([id]) => Number(id))
    expect([ids.length, ids[0], ids.at(-1)]).to.deep.equal([200_000, 10, 200_009])
  })

  it('is written to its end when it closes', async () => {
    const { outside, batches } = latest(60_000)
    batches.set('a', { x: 1 })
    await batches.close()
    expect(outside.written).to.deep.equal([[['a', { x: 1 }]]])
  })
})
