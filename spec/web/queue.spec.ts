import { expect } from 'chai'
import { createQueue, fingerprintOf, type Sending } from '../../frontend-app/src/queue.ts'
import { eventually } from '../eventually.ts'

const file = (name: string) => new File(['sound'], name, { type: 'audio/wav', lastModified: 1 })
const of = (name: string, more: Partial<Sending> = {}): Sending => ({ file: file(name), user_id: 'bo', ...more })

/** A queue, and what it has handed on: each waits until it is settled here. */
function sending() {
  const sent: { what: Sending; signal: AbortSignal; done: () => void; fail: (error: Error) => void }[] = []
  const queue = createQueue(
    (what, _, signal) =>
      new Promise<void>((done, fail) => {
        sent.push({ what, signal, done, fail })
        signal.addEventListener('abort', () => fail(new Error('aborted')))
      }),
    (error) => (error as Error).message,
  )
  const states = () => queue.items().map(({ state }) => state)
  return { queue, sent, states }
}

describe('the recordings on their way', () => {
  it('go two at a time, each to where it was dropped for, and there again after a failure', async () => {
    const { queue, sent, states } = sending()
    queue.add([of('1', { device_id: 'north' }), of('2', { device_id: 'north' })])
    queue.add([of('3', { device_id: 'south', facility_id: 'f' })])
    expect(states()).to.deep.equal(['sending', 'sending', 'waiting'])
    sent[0]!.fail(new Error('broken'))
    await eventually(() => Promise.resolve(expect(states()).to.deep.equal(['failed', 'sending', 'sending'])))
    expect(queue.items()[0]!.error).to.equal('broken')
    sent[1]!.done()
    sent[2]!.done()
    await eventually(() => Promise.resolve(expect(states()).to.deep.equal(['failed', 'done', 'done'])))
    queue.again(1)
    expect(sent.map(({ what }) => [what.file.name, what.device_id, what.facility_id])).to.deep.equal([
      ['1', 'north', undefined],
      ['2', 'north', undefined],
      ['3', 'south', 'f'],
      ['1', 'north', undefined],
    ])
    expect(queue.isBusy()).to.equal(true)
  })

  it('are stopped and forgotten with whose they are, and sent by nobody else', async () => {
    const { queue, sent } = sending()
    queue.add([of('1'), of('2'), of('3')])
    queue.keepOnly('bo')
    expect(queue.items()).to.have.lengthOf(3)
    queue.keepOnly('ada')
    expect(queue.items()).to.have.lengthOf(0)
    expect(sent.map(({ signal }) => signal.aborted)).to.deep.equal([true, true])
    queue.add([of('4', { user_id: 'ada' })])
    await new Promise((resolve) => setImmediate(resolve))
    expect(sent.map(({ what }) => what.file.name)).to.deep.equal(['1', '2', '4'])
  })

  it('are gone on with only for the same place, by the same person', () => {
    const all = [
      ...[of('1'), of('2'), of('1', { user_id: 'ada' }), of('1', { device_id: 'north' })],
      ...[of('1', { facility_id: 'north' }), of('1', { facility_id: 'f', device_id: 'north' })],
    ]
    expect(new Set(all.map(fingerprintOf)).size).to.equal(all.length)
    expect(fingerprintOf(of('1'))).to.equal(fingerprintOf(of('1')))
  })
})
