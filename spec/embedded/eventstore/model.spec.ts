import { randomUUID } from 'node:crypto'
import { BACKWARDS, END, jsonEvent } from '@eventstore/db-client'
import type { AppendExpectedRevision, ExpectedRevision } from '@eventstore/db-client'
import { expect } from 'chai'
import fc from 'fast-check'
import { Model } from './model.ts'
import type { Expected } from './model.ts'
import { collect, events, RunningStore } from './running.ts'

const RUNS = Number(process.env['STORE_MODEL_RUNS'] ?? 8)
/** To see a failure again: both are printed with it. */
const SEED = process.env['STORE_MODEL_SEED']
const PATH = process.env['STORE_MODEL_PATH']

type Stream = 'a' | 'b' | 'c'
/** A number is relative to the stream's last revision. */
type Guess = 'any' | 'no_stream' | 'stream_exists' | number
type Append = { stream: Stream; count: number; expected: Guess }
type Step =
  | ({ do: 'append' } & Append)
  | { do: 'burst'; appends: Append[] }
  | { do: 'send again'; which: number; from: number; more: number }
  | { do: 'delete' | 'tombstone'; stream: Stream; expected: Guess }
  | { do: 'set metadata'; stream: Stream; maxCount: number; before: number }
  | { do: 'restart'; signal: 'SIGTERM' | 'SIGKILL' }

const stream = fc.constantFrom<Stream>('a', 'a', 'b', 'c')
const expected = fc.constantFrom<Guess>('any', 'any', 'no_stream', 'stream_exists', 0, 0, 0, -1, -2, 1)
const append: fc.Arbitrary<Append> = fc.record({ stream, count: fc.integer({ min: 0, max: 4 }), expected })
const named = <Name extends Step['do']>(name: Name) => fc.constant<Name>(name)
const STEPS: [weight: number, step: fc.Arbitrary<Step>][] = [
  [10, append.map((each): Step => ({ do: 'append', ...each }))],
  [4, fc.record({ do: named('burst'), appends: fc.array(append, { maxLength: 8 }) })],
  [6, fc.record({ do: named('send again'), which: fc.nat(20), from: fc.nat(1), more: fc.nat(1) })],
  [4, fc.record({ do: named('delete'), stream, expected })],
  [1, fc.record({ do: named('tombstone'), stream, expected })],
  [4, fc.record({ do: named('set metadata'), stream, maxCount: fc.nat(5), before: fc.nat(8) })],
  [1, fc.record({ do: named('restart'), signal: fc.constantFrom('SIGTERM', 'SIGKILL') })],
]
const step = fc.oneof(...STEPS.map(([weight, arbitrary]) => ({ weight, arbitrary })))

describe('The embedded event store and its model', function () {
  const limit = 60_000 + RUNS * 2_000
  this.timeout(limit + 20_000)
  let store: RunningStore
  before(async () => (store = await RunningStore.start()))
  after(() => store.remove())

  const outcome = <T>(doing: Promise<T>, of: (result: T) => unknown) =>
    doing.then(of, ({ type }: { type: string }) => type)

  /** One run: the same steps to the store and to the model, on streams of this run alone. */
  class Run {
    readonly model = new Model()
    readonly #tag = randomUUID()
    readonly sent: { stream: Stream; ids: string[]; expected: Expected }[] = []

    name = (stream: string) => `${stream}-${this.#tag}`

    #meant(stream: Stream, guess: Guess): Expected {
      if (typeof guess !== 'number') return guess
      const revision = this.model.of(stream).ids.length - 1 + guess
      return revision < 0 ? 'no_stream' : revision
    }

    append({ stream, count, expected }: Append): Promise<void> {
      const ids = Array.from({ length: count }, () => randomUUID())
      return this.send({ stream, ids, expected: this.#meant(stream, expected) })
    }

    async send(append: (typeof this.sent)[number]): Promise<void> {
      const { stream, ids, expected } = append
      this.sent.push(append)
      const wanted = this.model.append(stream, expected, ids)
      const expectedRevision = (typeof expected === 'number' ? BigInt(expected) : expected) as AppendExpectedRevision
      const batch = ids.map((id) => jsonEvent({ id, type: 'Happened', data: {} }))
      const sending = store.client.appendToStream(this.name(stream), batch, { expectedRevision })
      // Of an append of nothing to no stream the client says revision 0.
      const found = await outcome(sending, (result) => Number(result.nextExpectedRevision))
      expect(found, JSON.stringify(append)).to.equal(wanted === -1 ? 0 : wanted)
    }

    async take(step: Step): Promise<void> {
      const { model } = this
      switch (step.do) {
        case 'append':
          return this.append(step)
        case 'burst':
          await Promise.all(step.appends.map((each) => this.append(each)))
          return
        case 'send again': {
          const before = this.sent[step.which % (this.sent.length || 1)]
          if (!before) return
          const more = Array.from({ length: step.more }, () => randomUUID())
          return this.send({ ...before, ids: [...before.ids.slice(step.from), ...more] })
        }
        case 'set metadata': {
          const { maxCount, before: truncateBefore } = step
          const metadata = { ...(maxCount && { maxCount }), ...(truncateBefore && { truncateBefore }) }
          const wanted = model.setMetadata(step.stream, { maxCount: maxCount || Infinity, before: truncateBefore })
          const setting = store.client.setStreamMetadata(this.name(step.stream), metadata)
          expect(await outcome(setting, () => undefined)).to.equal(wanted)
          return
        }
        case 'restart':
          await store.end(step.signal)
          store = await RunningStore.start({ dir: store.dir })
          // The very first append of a client is overtaken by those right behind it, in the client.
          await store.client.appendToStream('first', events(1))
          return model.restart()
        default: {
          const expected = this.#meant(step.stream, step.expected === 'stream_exists' ? 'any' : step.expected)
          const wanted = model[step.do](step.stream, expected)
          const options = {
            expectedRevision: (typeof expected === 'number' ? BigInt(expected) : expected) as ExpectedRevision,
          }
          const method = step.do === 'delete' ? 'deleteStream' : 'tombstoneStream'
          const ending = store.client[method](this.name(step.stream), options)
          expect(await outcome<unknown>(ending, () => undefined)).to.equal(wanted)
        }
      }
    }

    async compareStreams(): Promise<void> {
      for (const stream of ['a', 'b', 'c']) {
        const wanted = this.model.read(stream)
        const read = (options: object) =>
          outcome(collect(store.client.readStream(this.name(stream), options)), (found) =>
            found.map(({ event }) => `${event!.revision} ${event!.id}`),
          )
        expect(await read({}), `a read of ${stream}`).to.deep.equal(wanted)
        const back = await read({ direction: BACKWARDS, fromRevision: END })
        const reversed = Array.isArray(wanted) ? [...wanted].reverse() : wanted
        expect(back, `a read of ${stream} backwards`).to.deep.equal(reversed)
      }
    }

    /** What $all holds of this run from a position on. */
    async compareAll(position: bigint): Promise<void> {
      const fromPosition = { commit: position, prepare: position }
      const found: string[] = []
      let last = -1n
      for await (const { event } of store.client.readAll({ fromPosition })) {
        expect(event!.position.commit > last, 'positions increase').to.equal(true)
        last = event!.position.commit
        if (!event!.streamId.endsWith(this.#tag)) continue
        const stream = event!.streamId.slice(0, -this.#tag.length - 1)
        found.push(`${stream} ${event!.type === '$streamDeleted' ? 'tombstone' : event!.revision}`)
      }
      expect(found, '$all').to.deep.equal(this.model.all)
    }
  }

  it(`are the same after whatever is done to them, restarts and kill -9 among it, ${RUNS} times`, async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const { position } = await store.client.appendToStream('run', events(1))
      const run = new Run()
      for (const each of steps) {
        await run.take(each)
        await run.compareStreams()
      }
      await run.compareAll(position!.commit)
    })
    await fc.assert(property, {
      numRuns: RUNS,
      interruptAfterTimeLimit: limit,
      ...(SEED ? { seed: Number(SEED) } : {}),
      ...(PATH ? { path: PATH } : {}),
    })
  })
})
