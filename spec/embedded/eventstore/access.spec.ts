import path from 'node:path'
import { credentials, Metadata, status } from '@grpc/grpc-js'
import type { ServiceError } from '@grpc/grpc-js'
import { EventStoreDBClient } from '@eventstore/db-client'
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import { expect } from 'chai'
import { ensureCertificate } from '../../../ops/embedded/certificate.ts'
import { collect, events, refusal, RunningStore, temporaryFolder } from './running.ts'

/** A Read with the client's own generated messages; `shape` sets what the client has no option for. */
function read(port: number, authorization?: string, shape: (options: streams.ReadReq.Options) => void = () => {}) {
  const client = new StreamsClient(`127.0.0.1:${port}`, credentials.createInsecure())
  const options = new streams.ReadReq.Options()
  const all = new streams.ReadReq.Options.AllOptions()
  all.setStart(new shared.Empty())
  options.setAll(all)
  options.setCount('1000')
  options.setNoFilter(new shared.Empty())
  options.setUuidOption(new streams.ReadReq.Options.UUIDOption())
  options.getUuidOption()!.setString(new shared.Empty())
  shape(options)
  const request = new streams.ReadReq()
  request.setOptions(options)
  const metadata = new Metadata()
  if (authorization) metadata.set('authorization', authorization)
  const answers = collect(client.read(request, metadata) as AsyncIterable<streams.ReadResp>)
  return answers.finally(() => client.close())
}
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

describe('The door of the embedded event store', function () {
  this.timeout(20_000)

  describe('with a user', () => {
    let store: RunningStore
    before(async () => (store = await RunningStore.start({ args: ['--user', 'ops', '--password', 'pä:ss'] })))
    after(() => store.remove())

    it('lets in the right credentials', async () => {
      expect(await read(store.port, basic('ops:pä:ss'))).to.deep.equal([])
    })

    for (const wrong of [
      basic('ops:wrong'),
      basic('root:pä:ss'),
      basic('ops'),
      'Bearer ops',
      basic('ops:pä:ss').slice(1),
    ])
      it(`refuses ${wrong}`, async () => {
        expect((await refusal(read(store.port, wrong))).code).to.equal(status.UNAUTHENTICATED)
      })

    it('refuses everything to those without, except what it takes to connect', async () => {
      const error = (await refusal(read(store.port))) as ServiceError
      expect(error.code).to.equal(status.PERMISSION_DENIED)
      expect(error.metadata.get('exception')).to.deep.equal(['access-denied'])
      const client = EventStoreDBClient.connectionString(`esdb+discover://127.0.0.1:${store.port}?tls=false`)
      expect((await refusal(client.appendToStream('a', events(1)))).type).to.equal('access-denied')
      expect((await refusal(client.deleteStream('a'))).type).to.equal('access-denied')
      await client.dispose()
      expect(await read(store.port, basic('ops:pä:ss'))).to.deep.equal([])
    })
  })

  it('lets the official client in over TLS with the right credentials only', async function () {
    const folder = await temporaryFolder()
    const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
    await ensureCertificate(cert, key)
    const args = ['--cert', cert, '--key', key, '--user', 'ops', '--password', 'secret']
    const store = await RunningStore.start({ dir: folder, args })
    const address = `127.0.0.1:${store.port}?tls=true&tlsCAFile=${cert}`
    const right = EventStoreDBClient.connectionString(`esdb://ops:secret@${address}`)
    const wrong = EventStoreDBClient.connectionString(`esdb://ops:wrong@${address}`)
    await right.appendToStream('over TLS', events(2))
    expect(await collect(right.readStream('over TLS'))).to.have.length(2)
    expect((await refusal(wrong.appendToStream('over TLS', events(1)))).type).to.equal('access-denied')
    expect((await refusal(collect(wrong.readStream('over TLS')))).type).to.equal('access-denied')
    await Promise.all([right.dispose(), wrong.dispose()])
    await store.remove()
  })

  describe('for other clients', () => {
    let store: RunningStore
    before(async () => {
      store = await RunningStore.start()
      await store.client.appendToStream('a', events(2, 'Wanted'))
      await store.client.appendToStream('b', events(3, 'Not'))
      await store.client.appendToStream('c', events(2, 'Wanted'))
    })
    after(() => store.remove())
    const typesOf = (list: streams.ReadResp[]) =>
      list.map((each) => each.getEvent()!.getEvent()!.getMetadataMap().get('type'))

    it('filters reads of $all and counts what it lets through', async () => {
      const wanted = await read(store.port, undefined, (options) => filterBy(options, '^Wan'))
      expect(typesOf(wanted)).to.deep.equal(['Wanted', 'Wanted', 'Wanted', 'Wanted'])
      const back = await read(store.port, undefined, (options) => {
        filterBy(options, '^Wan')
        options.setReadDirection(1)
        options.getAll()!.setEnd(new shared.Empty())
        options.setCount('3')
      })
      const ids = (list: streams.ReadResp[]) => list.map((each) => each.getEvent()!.getEvent()!.getId()!.getString())
      expect(ids(back)).to.deep.equal(ids(wanted).reverse().slice(0, 3))
    })

    it('gives ids as two numbers where that is asked for', async () => {
      const text = await read(store.port)
      const numbers = await read(store.port, undefined, (options) =>
        options.getUuidOption()!.setStructured(new shared.Empty()),
      )
      const hex = (bits: string) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0')
      const idOf = (each: streams.ReadResp) => each.getEvent()!.getEvent()!.getId()!
      const back = numbers.map((each) => {
        const id = idOf(each).getStructured()!
        return hex(id.getMostSignificantBits()) + hex(id.getLeastSignificantBits())
      })
      expect(back).to.deep.equal(text.map((each) => idOf(each).getString().replaceAll('-', '')))
      expect(back).to.have.length(7)
    })
  })
})

function filterBy(options: streams.ReadReq.Options, regex: string): void {
  const filter = new streams.ReadReq.Options.FilterOptions()
  const expression = new streams.ReadReq.Options.FilterOptions.Expression()
  expression.setRegex(regex)
  filter.setEventType(expression)
  filter.setMax(32)
  options.setFilter(filter)
}
