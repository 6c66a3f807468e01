import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import http2 from 'node:http2'
import net from 'node:net'
import { status } from '@grpc/grpc-js'
import { BACKWARDS, binaryEvent, END, jsonEvent } from '@eventstore/db-client'
import { expect } from 'chai'
import { frame } from '../../../ops/embedded/eventstore/wire/call.ts'
import { AppendReq, BatchAppendReq, DeleteReq, ReadReq } from '../../../ops/embedded/eventstore/wire/messages.ts'
import type { Fields, MessageOf } from '../../../ops/embedded/eventstore/wire/protobuf.ts'
import { eventually } from '../../eventually.ts'
import { fresh } from './conformance/store.ts'
import { anonymousMemory, collect, events, RunningStore } from './running.ts'

const STREAMS = Number(process.env['STORE_STREAMS'] ?? 30_000)
const SERVICE = '/event_store.client.streams.Streams'
const METHODS = ['Read', 'Append', 'BatchAppend', 'Delete', 'Tombstone'] as const
const hex = (text: string) => Buffer.from(text, 'hex')

interface Answer {
  /** Of http. */
  status: number
  /** Of gRPC; NaN where there is none. */
  code: number
  said: string
}

describe('Bad input to the embedded event store', () => {
  let store: RunningStore
  before(async () => (store = await RunningStore.start()))
  after(() => store.remove())
  let written = 0
  afterEach('it serves, and was not surprised', async () => {
    const { nextExpectedRevision } = await store.client.appendToStream('still there', events(1))
    expect(nextExpectedRevision).to.equal(BigInt(written++))
    expect(
      await store.revisions('still there', { direction: BACKWARDS, fromRevision: END, maxCount: 1 }),
    ).to.deep.equal([written - 1])
    expect(store.said).to.equal('')
  })

  /** A connection for frames made by hand. */
  async function plainConnection(): Promise<net.Socket> {
    const socket = net.connect(store.port, '127.0.0.1').on('error', () => {})
    await once(socket, 'connect')
    socket.write(
      Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), h2Frame(SETTINGS, 0, Buffer.alloc(0))]),
    )
    return socket
  }

  /** Until the server has seen everything that was sent. */
  async function pingPong(socket: net.Socket): Promise<void> {
    socket.write(h2Frame(PING, 0, Buffer.from('arrived?')))
    let heard = ''
    while (!heard.includes('arrived?')) heard += String(((await once(socket, 'data')) as [Buffer])[0])
  }

  const connected = () =>
    http2.connect(`http://127.0.0.1:${store.port}`, { maxSessionMemory: 100 }).on('error', () => {})
  const call = (session: http2.ClientHttp2Session, path: string, headers: http2.OutgoingHttpHeaders = {}) =>
    session
      .request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers })
      .on('error', () => {})

  /** What the server says to a call; undefined if it ends without an answer. */
  function answerTo(stream: http2.ClientHttp2Stream): Promise<Answer | undefined> {
    let found: Answer | undefined
    const hear = (headers: http2.IncomingHttpHeaders) => {
      const before = found ?? { status: Number(headers[':status']), code: NaN, said: '' }
      const code = headers['grpc-status']
      const said = decodeURIComponent(String(headers['grpc-message'] ?? ''))
      found = code === undefined ? before : { ...before, code: Number(code), said }
    }
    stream.on('response', hear).on('trailers', hear).resume()
    return new Promise((resolve) => stream.on('close', () => resolve(found)))
  }

  async function sent(
    path: string,
    bytes: Buffer,
    headers: http2.OutgoingHttpHeaders = {},
  ): Promise<Answer | undefined> {
    const session = connected()
    const stream = call(session, path, headers)
    const answer = answerTo(stream)
    stream.end(bytes)
    return answer.finally(() => session.close())
  }
  const ask = <F extends Fields>(method: (typeof METHODS)[number], fields: F, ...messages: MessageOf<F>[]) =>
    sent(`${SERVICE}/${method}`, Buffer.concat(messages.map((message) => frame(fields, message))))

  const to = (name: string | Buffer) => ({ streamName: Buffer.from(name) })
  const proposed = (data = 'x') => ({
    id: { string: randomUUID() },
    metadata: [
      { key: 'type', value: 'Happened' },
      { key: 'content-type', value: 'application/octet-stream' },
    ],
    data: Buffer.from(data),
  })

  describe('in a message', () => {
    const garbage: [what: string, bytes: Buffer, code: number, said: RegExp][] = [
      ['bytes that are no message', hex('0000000005ffffffffff'), status.INVALID_ARGUMENT, /varint does not end/],
      ['a field longer than its message', hex('00000000030aff01'), status.INVALID_ARGUMENT, /longer than its message/],
      ['a group', hex('00000000020b0c'), status.INVALID_ARGUMENT, /Wire type 3/],
      ['a fixed number cut off', hex('000000000209ff'), status.INVALID_ARGUMENT, /longer than its message/],
      ['a message that is cut off', hex('00000000ff0a'), status.INVALID_ARGUMENT, /incomplete/],
      ['half a length', hex('000000'), status.INVALID_ARGUMENT, /incomplete/],
      ['an empty message', hex('0000000000'), status.INVALID_ARGUMENT, /options|a name|correlation/],
      ['a compressed message', hex('01000000020a00'), status.UNIMPLEMENTED, /Compressed/],
      ['a message said to be of 2 GiB', hex('00800000000a'), status.RESOURCE_EXHAUSTED, /2147483648 bytes/],
      ['a message that is of 17 MiB', message(17 << 20), status.RESOURCE_EXHAUSTED, /17825792 bytes/],
    ]
    for (const [what, bytes, code, said] of garbage)
      for (const method of METHODS)
        it(`${what} is refused by ${method}`, async () => {
          const answer = await sent(`${SERVICE}/${method}`, bytes)
          expect(answer).to.include({ status: 200, code })
          expect(answer!.said).to.match(said)
        })

    it('nothing at all is refused', async () => {
      for (const method of ['Read', 'Append', 'Delete', 'Tombstone'] as const)
        expect(await sent(`${SERVICE}/${method}`, Buffer.alloc(0))).to.include({ code: status.INVALID_ARGUMENT })
      expect(await sent(`${SERVICE}/BatchAppend`, Buffer.alloc(0))).to.include({ code: status.OK })
    })

    it('random bytes never bring it down', async () => {
      for (let i = 0; i < 100; i++) {
        const body = Buffer.from(Array.from({ length: i }, () => Math.floor(Math.random() * 256)))
        const answer = await sent(`${SERVICE}/${METHODS[i % METHODS.length]!}`, message(body))
        expect(answer!.code, body.toString('hex')).to.be.oneOf([
          status.OK,
          status.INVALID_ARGUMENT,
          status.FAILED_PRECONDITION,
        ])
      }
    })

    it('unknown fields are skipped', async () => {
      const stream = fresh()
      const unknown = hex('9a0603616263' + '980607' + '9906' + '00'.repeat(8) + '9d06' + '00'.repeat(4)) // 99: every wire type
      const options = frame(AppendReq, { options: { stream: to(stream), any: true } }).subarray(5)
      const event = frame(AppendReq, { proposedMessage: proposed() }).subarray(5)
      const bytes = [options, event].map((body) => message(Buffer.concat([unknown, body, unknown])))
      expect(await sent(`${SERVICE}/Append`, Buffer.concat(bytes))).to.include({ code: status.OK })
      expect(await store.revisions(stream)).to.deep.equal([0])
    })

    const any = true as const
    const options = { stream: to('there'), any }
    const { metadata: _, ...untyped } = proposed()
    const { id: __, ...noId } = proposed()
    const reading = { noFilter: true, count: 1 } as const
    const missing: [what: string, ask: () => Promise<Answer | undefined>, said: RegExp][] = [
      ['a read of nothing', () => ask('Read', ReadReq, { options: reading }), /of a stream or of \$all/],
      ['a read of no name', () => ask('Read', ReadReq, { options: { ...reading, stream: {} } }), /has a name/],
      ['a filter by nothing', () => ask('Read', ReadReq, { options: { all: {}, filter: {} } }), /A filter is on/],
      [
        'a filter that is no regular expression',
        () => ask('Read', ReadReq, { options: { all: {}, filter: { eventType: { regex: '(' } } } }),
        /not a regular expression/,
      ],
      ['an append without options', () => ask('Append', AppendReq, { proposedMessage: proposed() }), /has a name/],
      ['an append to no name', () => ask('Append', AppendReq, { options: { stream: {}, any } }), /has a name/],
      [
        'an append to an empty name',
        () => ask('Append', AppendReq, { options: { stream: to(''), any } }),
        /has a name/,
      ],
      [
        'an append without an expected revision',
        () => ask('Append', AppendReq, { options: { stream: to('s') } }),
        /expected revision/,
      ],
      [
        'an event without a type',
        () => ask('Append', AppendReq, { options }, { proposedMessage: untyped }),
        /"type" and "content-type"/,
      ],
      [
        'an event without an id',
        () => ask('Append', AppendReq, { options }, { proposedMessage: noId }),
        /id is a UUID/,
      ],
      [
        'an event whose id is none',
        () => ask('Append', AppendReq, { options }, { proposedMessage: { ...noId, id: { string: 'x' } } }),
        /id is a UUID, not "x"/,
      ],
      [
        'a batch without a correlation id',
        () => ask('BatchAppend', BatchAppendReq, { options, isFinal: true }),
        /correlation id/,
      ],
      ['a delete of no name', () => ask('Delete', DeleteReq, { options: { any } }), /has a name/],
      [
        'a tombstone without an expected revision',
        () => ask('Tombstone', DeleteReq, { options: { stream: to('s') } }),
        /expected revision/,
      ],
      [
        'a name that is not UTF-8',
        () =>
          ask('Append', AppendReq, { options: { stream: to(hex('61ff62')), any } }, { proposedMessage: proposed() }),
        /UTF-8/,
      ],
      [
        'a long name that is not UTF-8',
        () =>
          ask(
            'Append',
            AppendReq,
            { options: { stream: to(Buffer.alloc(1500, 0xff)), any } },
            { proposedMessage: proposed() },
          ),
        /UTF-8/,
      ],
      [
        'a delete of a name that is too long',
        () => ask('Delete', DeleteReq, { options: { stream: to('n'.repeat(1501)), any } }),
        /at most/,
      ],
      ...(['Delete', 'Tombstone'] as const).flatMap((method) =>
        ['$$x', '$$$system', '$$$$x'].map((name): (typeof missing)[number] => [
          `a ${method.toLowerCase()} of ${name}`,
          () => ask(method, DeleteReq, { options: { stream: to(name), any } }),
          /holds the metadata of a stream/,
        ]),
      ),
    ]
    for (const [what, attempt, said] of missing)
      it(`${what} is refused`, async () => {
        const answer = await attempt()
        expect(answer).to.include({ status: 200, code: status.INVALID_ARGUMENT })
        expect(answer!.said).to.match(said)
      })

    it('a type that is not UTF-8 is refused, and not changed', async () => {
      const stream = fresh()
      const request = frame(AppendReq, { proposedMessage: proposed() })
      request[request.indexOf('Happened')] = 0xff
      const bytes = Buffer.concat([frame(AppendReq, { options: { stream: to(stream), any } }), request])
      const answer = await sent(`${SERVICE}/Append`, bytes)
      expect(answer).to.include({ code: status.INVALID_ARGUMENT })
      expect(answer!.said).to.match(/UTF-8/)
    })

    it('a bad batch is refused alone: others on the same call are written', async () => {
      const stream = fresh()
      const batch = (name: string, event: object) => ({
        correlationId: Buffer.from(randomUUID()),
        options: { stream: to(name), any },
        proposedMessages: [event as ReturnType<typeof proposed>],
        isFinal: true,
      })
      const messages = [
        batch(stream, proposed()),
        batch(stream, untyped),
        batch('n'.repeat(1501), proposed()),
        batch(stream, proposed()),
      ]
      expect(await ask('BatchAppend', BatchAppendReq, ...messages)).to.include({ code: status.OK })
      expect(await store.revisions(stream)).to.deep.equal([0, 1])
    })

    it('65 unfinished batches on one call are too many', async () => {
      const unfinished = Array.from({ length: 65 }, () => ({ correlationId: Buffer.from(randomUUID()), options }))
      const answer = await ask('BatchAppend', BatchAppendReq, ...unfinished)
      expect(answer).to.include({ code: status.INVALID_ARGUMENT })
      expect(answer!.said).to.match(/64 unfinished/)
    })

    for (const length of [1501, 1979, 5_000, 1_000_000])
      it(`a read of a name of ${length} bytes is refused, and a link to it is given alone`, async () => {
        const name = 'n'.repeat(length)
        for (const options of [
          reading,
          { ...reading, readDirection: 1 },
          { noFilter: true, subscription: true },
        ] as const) {
          const answer = await ask('Read', ReadReq, { options: { ...options, stream: { stream: to(name) } } })
          expect(answer).to.include({ code: status.INVALID_ARGUMENT })
          expect(answer!.said).to.match(/at most 1500 bytes/)
        }
        if (length > 900_000) return
        const links = fresh()
        await store.client.appendToStream(links, binaryEvent({ type: '$>', data: Buffer.from(`0@${name}`) }))
        const [found] = await collect(store.client.readStream(links, { resolveLinkTos: true }))
        expect(found!.event).to.equal(undefined)
        expect(found!.link).to.include({ streamId: links })
      })

    it('a revision beyond all numbers is a wrong one', async () => {
      const stream = fresh()
      await store.client.appendToStream(stream, events(1))
      for (const expectedRevision of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n])
        for (const options of [{}, { credentials: { username: 'u', password: 'p' } }]) {
          const append = store.client.appendToStream(stream, events(1), { ...options, expectedRevision })
          const error = await append.then(String, ({ type }: { type: string }) => type)
          expect(error).to.equal('wrong-expected-version')
        }
      for (const fromRevision of [2n ** 48n, 2n ** 53n, 2n ** 64n - 1n]) {
        expect(await store.revisions(stream, { fromRevision })).to.deep.equal([])
        expect(await store.revisions(stream, { fromRevision, direction: BACKWARDS })).to.deep.equal([0])
      }
    })

    it('a regular expression that backtracks for ever does not hold up others', async () => {
      await store.client.appendToStream(fresh(), jsonEvent({ type: `${'a'.repeat(40)}!`, data: {} }))
      const session = connected()
      const stream = call(session, `${SERVICE}/Read`)
      stream.end(frame(ReadReq, { options: { all: {}, count: 10, filter: { eventType: { regex: '^(a+)+$' } } } }))
      expect(await answerTo(stream)).to.include({ code: status.OK })
      session.close()
    })
  })

  describe('in the metadata of a stream', () => {
    const all = [0, 1, 2, 3, 4]
    const written = async (raw: string) => {
      const stream = fresh()
      await store.client.appendToStream(stream, events(5))
      await store.client.appendToStream(`$$${stream}`, binaryEvent({ type: '$metadata', data: Buffer.from(raw) }))
      return stream
    }
    for (const raw of [
      '{"$maxCount":1.5}',
      '{"$tb":2.5}',
      '{"$maxAge":0.0001}',
      '{"$maxCount":-1}',
      '{"$tb":-2}',
      '{"$maxCount":"1"}',
      '{"$tb":"3"}',
      '{"$tb":true,"$maxCount":[1]}',
      '{"$maxCount":0}',
      '[{"$tb":3}]',
      '{"$tb":3',
      'null',
      '',
    ])
      it(`${raw || 'nothing'} hides nothing`, async () => {
        const stream = await written(raw)
        expect(await store.revisions(stream)).to.deep.equal(all)
        expect(await store.revisions(stream, { direction: BACKWARDS, fromRevision: END })).to.deep.equal(
          all.toReversed(),
        )
      })

    it('whole numbers hide, so that the others are known to be looked at', async () => {
      expect(await store.revisions(await written('{"$maxCount":2}'))).to.deep.equal([3, 4])
      expect(await store.revisions(await written('{"$tb":3}'))).to.deep.equal([3, 4])
    })
  })

  describe('in a request', () => {
    for (const path of ['/', '/nothing', `${SERVICE}/Nothing`, `${SERVICE}/read`, `${SERVICE}/Read/`, '/a.b.C/D'])
      it(`the call ${path} is not served`, async () => {
        const answer = await sent(path, Buffer.alloc(0))
        expect(answer).to.include({ status: 200, code: status.UNIMPLEMENTED })
        expect(answer!.said).to.contain(`${path} is not served`)
      })

    for (const type of ['application/json', 'text/plain', '', undefined])
      it(`the content type ${type ?? 'that is missing'} is refused`, async () => {
        const answer = await sent(`${SERVICE}/Read`, Buffer.alloc(0), { 'content-type': type })
        expect(answer).to.include({ status: 415 })
      })

    it('without "te" is served', async () => {
      const bytes = frame(ReadReq, { options: { all: {}, count: 1, noFilter: true } })
      expect(await sent(`${SERVICE}/Read`, bytes, { te: undefined })).to.include({ code: status.OK })
    })

    it('for the address of a server that was asked under no name harms nobody', async () => {
      const socket = await plainConnection()
      socket.write(headersFrame('/event_store.client.gossip.Gossip/Read', ''))
      socket.write(h2Frame(DATA, 1, message(0)))
      await pingPong(socket)
      socket.destroy()
    })

    it('as a GET is not answered with events', async () => {
      const answer = await sent(`${SERVICE}/Read`, Buffer.alloc(0), { ':method': 'GET' })
      expect(answer!.code).to.not.equal(status.OK)
    })

    it('with headers of 60 KB is refused or answered, and nothing breaks', async () => {
      const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`x-${i}`, 'v'.repeat(1000)]))
      await sent(`${SERVICE}/Read`, frame(ReadReq, { options: { all: {}, count: 1, noFilter: true } }), many)
    })
  })

  describe('on a connection', () => {
    const openings: [what: string, bytes: Buffer][] = [
      ['HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')],
      ['a TLS hello', hex('16030100a5010000a10303' + '00'.repeat(150))],
      ['random bytes', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 89 + 7) % 256))],
      ['the preface and then garbage', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + '\x7f'.repeat(5000))],
      [
        'a frame longer than allowed',
        Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), hex('ffffff0000000001ff')]),
      ],
    ]
    for (const [what, bytes] of openings)
      it(`${what} ends it`, async () => {
        const socket = net.connect(store.port, '127.0.0.1').on('error', () => {})
        const closed = once(socket, 'close')
        socket.resume().write(bytes)
        await closed
      })

    it('half a preface, nothing at all, or a connection closed at once harm nobody', async () => {
      const sockets = Array.from({ length: 50 }, (_, i) => {
        const socket = net.connect(store.port, '127.0.0.1').on('error', () => {})
        if (i % 3 === 0) socket.write('PRI * HT')
        if (i % 3 === 1) socket.once('connect', () => socket.resetAndDestroy())
        return socket
      })
      await store.client.appendToStream(fresh(), events(1))
      sockets.forEach((socket) => socket.destroy())
    })
  })

  describe('that stops in the middle', () => {
    const appending = (stream: string, count: number) => [
      frame(AppendReq, { options: { stream: to(stream), any: true } }),
      ...Array.from({ length: count }, () => frame(AppendReq, { proposedMessage: proposed() })),
    ]
    async function reset(method: string, bytes: Buffer, code: string): Promise<void> {
      const socket = await plainConnection()
      const begun = [headersFrame(`${SERVICE}/${method}`), h2Frame(DATA, 1, bytes)]
      socket.write(Buffer.concat([...begun, h2Frame(RST_STREAM, 1, hex(code))]))
      await pingPong(socket)
      socket.destroy()
    }
    /** Each begins a call, writes `bytes` without an end, and stops. */
    const ways: Record<string, (method: string, bytes: Buffer) => Promise<unknown>> = {
      'is reset': (method, bytes) => reset(method, bytes, '00000008'),
      'is reset without saying why': (method, bytes) => reset(method, bytes, '00000000'),
      'is closed by its client': async (method, bytes) => {
        const session = connected()
        const stream = call(session, `${SERVICE}/${method}`)
        // Node's client ends a call that it closes: it must not be whole.
        stream.write(bytes.subarray(0, -1))
        await new Promise(setImmediate)
        await new Promise((resolve) => stream.once('close', resolve).close(http2.constants.NGHTTP2_CANCEL))
        session.destroy()
      },
      'loses its connection': async (method, bytes) => {
        const socket = await plainConnection()
        socket.end(Buffer.concat([headersFrame(`${SERVICE}/${method}`), h2Frame(DATA, 1, bytes)]))
        await once(socket.resume(), 'close')
      },
      'loses its connection without a word': async (method, bytes) => {
        const socket = await plainConnection()
        socket.write(Buffer.concat([headersFrame(`${SERVICE}/${method}`), h2Frame(DATA, 1, bytes)]))
        await pingPong(socket)
        socket.resetAndDestroy()
      },
    }
    for (const [how, begun] of Object.entries(ways)) {
      it(`an append that ${how} writes nothing`, async () => {
        const name = fresh()
        const bytes = Buffer.concat(appending(name, 5))
        for (let i = 0; i < 20; i++) await begun('Append', bytes.subarray(0, bytes.length - (i % 10)))
        await store.client.appendToStream(name, events(1), { expectedRevision: 'no_stream' })
      })

      it(`a batch that ${how} before its end writes nothing, and one that was sent whole is whole`, async () => {
        const name = fresh()
        for (let i = 0; i < 20; i++) {
          const correlationId = Buffer.from(randomUUID())
          const proposedMessages = [proposed(), proposed(), proposed()]
          const options = { stream: to(name), any: true } as const
          const parts = [frame(BatchAppendReq, { correlationId, options, proposedMessages })]
          if (i % 2 === 0) parts.push(frame(BatchAppendReq, { correlationId, proposedMessages, isFinal: true }))
          await begun('BatchAppend', Buffer.concat(parts))
        }
        await store.client.appendToStream(name, events(1))
        const { length } = await collect(store.client.readStream(name))
        expect(length % 6).to.equal(1)
        expect(length).to.be.at.most(61)
      })
    }

    it('5,000 calls that are reset at once leave nothing behind', async () => {
      const before = anonymousMemory(store.child.pid!)
      for (let round = 0; round < 50; round++) {
        const session = connected()
        const closed = Array.from({ length: 100 }, (_, i) => {
          const stream = call(session, `${SERVICE}/${i % 2 ? 'Append' : 'Read'}`)
          stream.write(i % 2 ? appending('reset', 1)[0]! : frame(ReadReq, { options: { all: {}, subscription: true } }))
          return new Promise((resolve) => stream.once('close', resolve).close(http2.constants.NGHTTP2_CANCEL))
        })
        await Promise.all(closed)
        session.destroy()
      }
      expect(anonymousMemory(store.child.pid!) - before).to.be.lessThan(60)
    })

    it('an append that never ends holds up nobody', async () => {
      const session = connected()
      const open = Array.from({ length: 50 }, () => {
        const stream = call(session, `${SERVICE}/Append`)
        stream.write(Buffer.concat(appending('never', 3)))
        return stream
      })
      for (let i = 0; i < 20; i++) await store.client.appendToStream(fresh(), events(2))
      open.forEach((stream) => stream.close(http2.constants.NGHTTP2_CANCEL))
      session.destroy()
      await eventually(async () => expect((await store.readAll({ maxCount: 1 })).length).to.equal(1))
    })
  })

  it('A client that never reads is sent no more than fits on the way', async () => {
    const stream = fresh()
    const padding = Buffer.alloc(10_000, 'x').toString()
    for (let i = 0; i < 30; i++)
      await store.client.appendToStream(
        stream,
        Array.from({ length: 100 }, () => jsonEvent({ type: 'Bulky', data: padding as never })),
      )
    const before = anonymousMemory(store.child.pid!)
    const session = connected()
    const requests = Array.from({ length: 20 }, (_, i) => {
      const request = call(session, `${SERVICE}/Read`)
      const options = { stream: { stream: to(stream) }, noFilter: true as const }
      request.end(frame(ReadReq, { options: i % 2 ? { ...options, subscription: true } : options }))
      return once(request.pause(), 'response')
    })
    await Promise.all(requests)
    for (let i = 0; i < 20; i++) await store.client.appendToStream(fresh(), events(10))
    // 20 answers of 30 MB would be 600 MB.
    expect(anonymousMemory(store.child.pid!) - before).to.be.lessThan(120)
    session.destroy()
  })

  it(`${STREAMS.toLocaleString('en')} names of streams take no memory in proportion`, async function () {
    this.timeout(60_000 + STREAMS)
    const pid = store.child.pid!
    const write = async (from: number, count: number) => {
      const session = connected()
      const stream = call(session, `${SERVICE}/BatchAppend`)
      const answer = answerTo(stream)
      for (let i = 0; i < count; i += 500) {
        const frames = Array.from({ length: 500 }, (_, j) =>
          frame(BatchAppendReq, {
            correlationId: Buffer.from(randomUUID()),
            options: { stream: to(`one of very many streams, number ${from + i + j}`), noStream: true },
            proposedMessages: [proposed()],
            isFinal: true,
          }),
        )
        if (!stream.write(Buffer.concat(frames))) await once(stream, 'drain')
      }
      stream.end()
      expect(await answer).to.include({ code: status.OK })
      session.close()
    }
    // The store remembers the last 100,000 ids, whatever streams they are of.
    for (let i = 0; i < 220; i++) await store.client.appendToStream('one stream', events(500))
    const half = STREAMS / 2
    await write(0, half)
    const before = anonymousMemory(pid)
    await write(half, half)
    // What comes and goes while writing is much more than a few names; of a million names 100 bytes each would show.
    expect(anonymousMemory(pid) - before).to.be.lessThan(80)
    for (const i of [0, half, STREAMS - 1])
      expect(await store.revisions(`one of very many streams, number ${i}`)).to.deep.equal([0])
  })
})

const [DATA, HEADERS, RST_STREAM, SETTINGS, PING] = [0, 1, 3, 4, 6]

/** A frame of http2; of a stream's headers it is the only one. */
function h2Frame(type: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = type === HEADERS ? 4 : 0
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** The headers of a gRPC call on stream 1, without compression. */
function headersFrame(path: string, authority = 'x'): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)])
  const headers = [
    ':method',
    'POST',
    ':scheme',
    'http',
    ':path',
    path,
    ':authority',
    authority,
    'content-type',
    'application/grpc',
  ]
  const pairs = headers.map((value, i) => Buffer.concat(i % 2 ? [text(value)] : [Buffer.of(0), text(value)]))
  return h2Frame(HEADERS, 1, Buffer.concat(pairs))
}

/** With its length in front, as gRPC sends it; a number is a body of so many zeros. */
function message(body: Buffer | number): Buffer {
  const bytes = typeof body === 'number' ? Buffer.alloc(body) : body
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([prefix, bytes])
}
