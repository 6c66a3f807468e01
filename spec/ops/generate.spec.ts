import { expect } from 'chai'
import { aggregates, decodeFrom } from '../../domain/events.ts'
import { splitStream } from '../../domain/decider.ts'
import { generate, type Generated } from '../../ops/bench/generate.ts'

const log = (seed: number, count: number) => [...generate(seed, count, () => 'wrapped')]

describe('the generator of logs', () => {
  const events = log(1, 20_000)

  it('makes the same log of the same seed, however much of it is asked for, and another of another', () => {
    expect(log(1, 5000)).to.deep.equal(events.slice(0, 5000))
    expect(log(2, 10)).to.not.deep.equal(events.slice(0, 10))
  })

  it('numbers the events of each stream from 0 and gives each an id of its own', () => {
    const next = new Map<string, number>()
    for (const { stream, revision } of events) {
      expect(revision, stream).to.equal(next.get(stream) ?? 0)
      next.set(stream, revision + 1)
    }
    expect(new Set(events.map(({ id }) => id)).size).to.equal(events.length)
  })

  it('makes lives that the aggregates could have lived: each event changes the state before it', () => {
    const states = new Map<string, unknown>()
    const apply = ({ stream, type, data }: Generated) => {
      const decider = aggregates.find(({ category }) => category === splitStream(stream)[0])!
      const before = states.get(stream) ?? decider.initial
      const after = (decider.evolve as (state: unknown, event: unknown) => unknown)(
        before,
        decodeFrom({ stream, type, data, schema: 1 }),
      )
      if (!/Details|Probed|Renamed|Refreshed|Deleted/.test(type))
        expect(after, `${type} of ${stream}`).to.not.equal(before)
      states.set(stream, after)
    }
    events.forEach(apply)
  })

  it('mixes the streams as a fleet does', () => {
    const types = new Set(events.map(({ type }) => type))
    for (const type of ['UploadReceived', 'TranscodeCompleted', 'SessionStarted', 'UserRegistered', 'UploadDeleted'])
      expect(types).to.include(type)
    const [first] = events.filter(({ type }) => type === 'UploadReceived').slice(100)
    const own = events.flatMap(({ stream }, i) => (stream === first!.stream ? [i] : []))
    expect(own.at(-1)! - own[0]!).to.be.greaterThan(100)
  })
})
