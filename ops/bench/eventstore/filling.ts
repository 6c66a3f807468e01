import { ANY, NO_STREAM } from '@eventstore/db-client'
import type { EventStoreDBClient, Position } from '@eventstore/db-client'
import { pace, timed } from '../measure.ts'
import type { Context, Filled } from './context.ts'
import { uploaded } from './payload.ts'

const BATCH = 500
/** Batches go to these in turn: their index entries are spread, as those of a real import. */
const BATCH_STREAMS = 1000
const STREAMS = 400
const STREAM_LENGTH = 50
const TAIL = 100_000
const DECILES = 10
const ROUND_BATCHES = 20

/** Events per second of some batches, one after the other. */
export async function appendingBatches(client: EventStoreDBClient): Promise<number> {
  let ms = 0
  for (let i = 0; i < ROUND_BATCHES; i++) ms += (await appendBatch(client, `batches-${i}`, i * BATCH))[0]
  return (ROUND_BATCHES * BATCH * 1000) / ms
}

async function appendBatch(client: EventStoreDBClient, stream: string, first: number): Promise<[number, Position]> {
  const events = Array.from({ length: BATCH }, (_, i) => uploaded(first + i))
  let position: Position | undefined
  const ms = await timed(async () => {
    ;({ position } = await client.appendToStream(stream, events, { expectedRevision: ANY }))
  })
  return [ms, position ?? { commit: 0n, prepare: 0n }]
}

/** Streams whose events lie apart from each other: every one is an append of its own, between those of other streams. */
async function fillStreams(client: EventStoreDBClient): Promise<string[]> {
  const streams = Array.from({ length: STREAMS }, (_, i) => `loaded-${i}`)
  for (let revision = 0; revision < STREAM_LENGTH; revision++)
    await pace(64, { calls: STREAMS }, (_, call) => {
      const expectedRevision = revision === 0 ? NO_STREAM : BigInt(revision - 1)
      return client.appendToStream(streams[call]!, uploaded(call), { expectedRevision })
    })
  return streams
}

/** Fills the store, measuring tenth by tenth. Constant memory, however many events there are to be. */
export async function fill({ session, store, ceiling, events }: Context): Promise<Filled> {
  const { report, progress, wants } = session
  const start = await endOf(store.client)
  const streams = await fillStreams(store.client)

  const batches = Math.ceil(events / BATCH / DECILES) * DECILES
  const tailStart = Math.max(0, batches - TAIL / BATCH)
  const step = progress.step(`fill with ${batches * BATCH} events`, batches)
  const between = await endOf(store.client)
  let last = between
  let tail = between
  const ours: number[] = []
  const alone: number[] = []
  for (let decile = 0; decile < DECILES; decile++) {
    let ms = 0
    for (let i = 0; i < batches / DECILES; i++) {
      const batch = (decile * batches) / DECILES + i
      if (batch === tailStart) tail = last
      const [took, position] = await appendBatch(store.client, `batches-${batch % BATCH_STREAMS}`, batch * BATCH)
      ms += took
      last = position
      step.at(batch + 1)
    }
    ours.push(((batches / DECILES) * BATCH * 1000) / ms)
    if (wants('batches')) alone.push(await appendingBatches(ceiling.client))
  }
  step.end()
  if (wants('batches')) {
    report.add({
      id: 'batches',
      what: `batches of ${BATCH}, one at a time: events`,
      unit: '/s',
      ours,
      beside: { what: 'client alone', values: alone },
      targets: [{ of: 'ours', least: 25_000 }],
    })
    report.add({
      id: 'batches.last',
      what: `batches, the last tenth of ${batches * BATCH} events`,
      unit: '/s',
      ours: ours.slice(-1),
      beside: { what: 'the first tenth', values: ours.slice(0, 1) },
      targets: [
        { of: 'ours', least: 25_000 },
        { of: 'ratio', least: 0.9 },
      ],
    })
  }
  return {
    streams,
    singles: { from: start, count: STREAMS * STREAM_LENGTH },
    batches: { from: between, count: batches * BATCH },
    tail: { from: tail, count: (batches - tailStart) * BATCH },
  }
}

/** The position of the last event; a little before the first one if there is none. */
async function endOf(client: EventStoreDBClient): Promise<Position> {
  let end: Position = { commit: 0n, prepare: 0n }
  // To its end: with a read that was left early the client's `dispose` waits for ever.
  for await (const { event } of client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 }))
    end = event!.position
  return end
}
