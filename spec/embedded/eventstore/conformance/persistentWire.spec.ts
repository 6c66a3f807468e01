import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { persistentSubscriptionToStreamSettingsFromDefaults, START } from '@eventstore/db-client'
import { PersistentSubscriptionsClient } from '@eventstore/db-client/generated/persistent_grpc_pb.js'
import { CreateReq, ReadReq, UpdateReq } from '@eventstore/db-client/generated/persistent_pb.js'
import type { ReadResp } from '@eventstore/db-client/generated/persistent_pb.js'
import { Empty, StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js'
import { credentials } from '@grpc/grpc-js'
import { eventually } from '../../../eventually.ts'
import { events, refusal } from '../running.ts'
import { fresh, storeUnderTest } from './store.ts'

/** What the Node clients do not say, and others do: older and newer fields of the requests. */
describe('Persistent subscriptions on the wire', function () {
  this.timeout(20_000)
  const store = storeUnderTest()
  let raw: PersistentSubscriptionsClient
  before(function () {
    if (!store.url.includes('tls=false')) return this.skip()
    raw = new PersistentSubscriptionsClient(new URL(store.url).host, credentials.createInsecure())
  })
  after(() => raw?.close())

  const identifier = (stream: string) => {
    const name = new StreamIdentifier()
    name.setStreamName(Buffer.from(stream).toString('base64'))
    return name
  }
  const defaults = (settings = new CreateReq.Settings()) => {
    settings.setReadBatchSize(20)
    settings.setHistoryBufferSize(500)
    settings.setMessageTimeoutMs(10_000)
    return settings
  }
  const create = (stream: string, settings: CreateReq.Settings, where?: CreateReq.StreamOptions) =>
    new Promise<void>((resolve, reject) => {
      const request = new CreateReq()
      const options = new CreateReq.Options()
      if (where) options.setStream(where)
      else options.setStreamIdentifier(identifier(stream))
      options.setGroupName('g')
      options.setSettings(settings)
      request.setOptions(options)
      raw.create(request, (error) => (error ? reject(error) : resolve()))
    })
  const info = (stream: string) => store.client.getPersistentSubscriptionToStreamInfo(stream, 'g')

  const said: [string, (settings: CreateReq.Settings) => void, Record<string, unknown>][] = [
    ['the strategy by its number', (s) => s.setNamedConsumerStrategy(2), { consumerStrategyName: 'Pinned' }],
    ['no strategy', () => {}, { consumerStrategyName: 'DispatchToSingle' }],
    ['the strategy by its name', (s) => s.setConsumerStrategy('RoundRobin'), { consumerStrategyName: 'RoundRobin' }],
    ['time-outs in ticks', (s) => s.setMessageTimeoutTicks('12340000'), { messageTimeout: 1234 }],
    ['checkpoints in ticks', (s) => s.setCheckpointAfterTicks('25000'), { checkPointAfter: 3 }],
    ['a revision among the settings', (s) => s.setRevision('3'), { startFrom: 3n }],
    ['the end as the largest revision', (s) => s.setRevision('18446744073709551615'), { startFrom: 'end' }],
  ]
  for (const [what, say, heard] of said)
    it(`takes ${what}`, async () => {
      const stream = fresh()
      const settings = defaults()
      say(settings)
      await create(stream, settings)
      expect((await info(stream)).settings).to.include(heard)
    })

  const places: [string, (where: CreateReq.StreamOptions) => void, unknown][] = [
    ['the start', (where) => where.setStart(new Empty()), 'start'],
    ['the end', (where) => where.setEnd(new Empty()), 'end'],
    ['a revision', (where) => where.setRevision('7'), 7n],
  ]
  for (const [what, say, heard] of places)
    it(`takes the stream with ${what}`, async () => {
      const stream = fresh()
      const where = new CreateReq.StreamOptions()
      where.setStreamIdentifier(identifier(stream))
      say(where)
      await create(stream, defaults(), where)
      expect((await info(stream)).settings.startFrom).to.equal(heard)
    })

  const refused: [string, (settings: CreateReq.Settings) => void, RegExp][] = [
    ['a strategy that there is not', (s) => s.setConsumerStrategy('Chosen'), /Chosen/],
    ['a number that stands for none', (s) => s.setNamedConsumerStrategy(9 as 0), /9/],
    ['a negative time-out in ticks', (s) => s.setMessageTimeoutTicks('-1'), /timeout/],
  ]
  for (const [what, say, sentence] of refused)
    it(`refuses ${what}`, async () => {
      const settings = defaults()
      say(settings)
      const error = await refusal(create(fresh(), settings))
      expect(error.code).to.equal(3)
      expect(error.message).to.match(sentence)
    })

  it('refuses $all under the name of a stream', async () => {
    expect((await refusal(create('$all', defaults()))).code).to.equal(3)
  })

  it('updates by the same fields', async () => {
    const stream = fresh()
    await create(stream, defaults())
    const request = new UpdateReq()
    const options = new UpdateReq.Options()
    const where = new UpdateReq.StreamOptions()
    where.setStreamIdentifier(identifier(stream))
    where.setRevision('4')
    options.setStream(where)
    options.setGroupName('g')
    const settings = new UpdateReq.Settings()
    settings.setReadBatchSize(1)
    settings.setHistoryBufferSize(2)
    options.setSettings(settings)
    request.setOptions(options)
    await new Promise<void>((resolve, reject) =>
      raw.update(request, (error: Error | null) => (error ? reject(error) : resolve())),
    )
    expect((await info(stream)).settings).to.include({ startFrom: 4n, readBatchSize: 1, historyBufferSize: 2 })
  })

  describe('reading', () => {
    const reading = (say: (options: ReadReq.Options) => void, stream: string) => {
      const request = new ReadReq()
      const options = new ReadReq.Options()
      options.setStreamIdentifier(identifier(stream))
      options.setGroupName('g')
      options.setBufferSize(5)
      say(options)
      request.setOptions(options)
      const call = raw.read()
      call.write(request)
      const answers: ReadResp[] = []
      call.on('data', (answer: ReadResp) => answers.push(answer))
      const over = new Promise<Error & { code?: number }>((resolve) => call.on('error', resolve))
      return { call, answers, over }
    }
    const bits = (id: string) => {
      const hex = id.replaceAll('-', '')
      const halves = new UUID.Structured()
      halves.setMostSignificantBits(BigInt.asIntN(64, BigInt(`0x${hex.slice(0, 16)}`)).toString())
      halves.setLeastSignificantBits(BigInt.asIntN(64, BigInt(`0x${hex.slice(16)}`)).toString())
      const uuid = new UUID()
      uuid.setStructured(halves)
      return uuid
    }
    const groupOf = async (count: number) => {
      const stream = fresh()
      const batch = events(count)
      await store.client.appendToStream(stream, batch)
      const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START })
      await store.client.createPersistentSubscriptionToStream(stream, 'g', settings)
      return { stream, ids: batch.map(({ id }) => id) }
    }

    it('confirms first, and takes and gives ids as pairs of numbers', async () => {
      const { stream, ids } = await groupOf(2)
      const option = new ReadReq.Options.UUIDOption()
      option.setStructured(new Empty())
      const { call, answers, over } = reading((options) => options.setUuidOption(option), stream)
      await eventually(() => expect(answers).to.have.length(3))
      expect(answers[0]!.hasSubscriptionConfirmation()).to.equal(true)
      const given = answers.slice(1).map((answer) => answer.getEvent()!.getEvent()!.getId()!.toObject())
      expect(given).to.deep.equal(ids.map((id) => bits(id).toObject()))
      const ack = new ReadReq.Ack()
      ack.setIdsList(ids.map(bits))
      const request = new ReadReq()
      request.setAck(ack)
      call.write(request)
      await eventually(async () => expect((await info(stream)).stats.totalItems).to.equal(2n))
      call.cancel()
      await over
    })

    it('ends when the client has no more to say, since it could acknowledge nothing', async () => {
      const { stream } = await groupOf(3)
      const { call, answers } = reading(() => {}, stream)
      await eventually(() => expect(answers).to.have.length(4))
      const ended = new Promise<void>((resolve) => call.on('end', resolve))
      call.end()
      await ended
      await eventually(async () => expect((await info(stream)).connections).to.have.length(0))
      expect((await info(stream)).stats.totalItems).to.equal(0n)
    })

    it('refuses acknowledgements that are no ids', async () => {
      const { stream } = await groupOf(1)
      const { call, over } = reading(() => {}, stream)
      const ack = new ReadReq.Ack()
      const id = new UUID()
      id.setString('not an id')
      ack.setIdsList([id])
      const request = new ReadReq()
      request.setAck(ack)
      call.write(request)
      expect((await over).code).to.equal(3)
    })

    it('refuses a call that begins with an acknowledgement', async () => {
      const call = raw.read()
      const over = new Promise<Error & { code?: number }>((resolve) => call.on('error', resolve))
      const ack = new ReadReq.Ack()
      ack.setIdsList([bits(randomUUID())])
      const request = new ReadReq()
      request.setAck(ack)
      call.write(request)
      call.resume()
      expect((await over).code).to.equal(3)
    })
  })
})
