import { execFile } from 'node:child_process'
import dns from 'node:dns'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener, ServerResponse } from 'node:http'
import { createServer as createSecure } from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { generate } from 'selfsigned'
import { root } from '../../ops/platform/root.ts'
import {
  connectInference,
  type InferenceServer,
  RequestFault,
  ServerFault,
  type Tensor,
} from '../../workers/inferenceProtocol.ts'
import { eventually } from '../eventually.ts'
import { answering, inferenceServer, type Listening, listening, speaking } from '../inferenceServer.ts'

const never = new AbortController().signal
const floats: Tensor = { name: 'x', datatype: 'FP32', shape: [2, 3], data: Float32Array.of(0, -1.5, 2, 3, 1e-8, 5) }
const longs: Tensor = { name: 'n', datatype: 'INT64', shape: [2], data: BigInt64Array.of(7n, -9n) }
const ints: Tensor = { name: 'i', datatype: 'INT32', shape: [1, 1], data: Int32Array.of(-2) }

describe('the inference protocol', () => {
  const open: { close(): unknown }[] = []
  afterEach(() => Promise.all(open.splice(0).map((one) => one.close())))
  const opened = async <T extends { close(): unknown }>(one: T | Promise<T>): Promise<T> => {
    const it = await one
    open.push(it)
    return it
  }
  const to = ({ url }: Pick<Listening, 'url'>, more: object = {}) =>
    opened(connectInference({ url, timeoutMs: 2000, ...more }))

  describe('with a server that speaks it', () => {
    it('says whether it is there, and whether it takes requests', async () => {
      const spoken = await opened(inferenceServer())
      const server = await to(spoken)
      expect([await server.live(never), await server.ready(never)]).to.deep.equal([true, true])
      Object.assign(spoken.manner, { live: false, ready: false })
      expect([await server.live(never), await server.ready(never)]).to.deep.equal([false, false])
    })

    it('says whether a model is ready, and in which version', async () => {
      const models = { vad: ['2', '10', '9'], nameless: [] }
      const server = await to(await opened(inferenceServer({ models, unready: new Set(['vad 9']) })))
      expect(await server.modelReady('vad', undefined, never)).to.deep.equal({ ready: true, version: '10' })
      expect(await server.modelReady('vad', '2', never)).to.deep.equal({ ready: true, version: '2' })
      expect(await server.modelReady('vad', '9', never)).to.deep.equal({ ready: false })
      expect(await server.modelReady('nameless', undefined, never)).to.deep.equal({ ready: true })
      expect(await server.modelReady('other', undefined, never)).to.deep.equal({ ready: false })
      expect(await server.versions('vad', never)).to.deep.equal(['2', '9', '10'])
    })

    it('takes no for an answer that is put in words', async () => {
      const server = await to(await opened(answering((_, response) => response.end('{"name":"vad","ready":false}'))))
      expect(await server.modelReady('vad', undefined, never)).to.deep.equal({ ready: false })
    })

    for (const [kind, extensions] of [
      ['binary', ['sequence', 'binary_tensor_data']],
      ['JSON', ['sequence']],
    ] as const)
      it(`sends tensors and gets tensors, in ${kind}, as the server can`, async () => {
        const spoken = await opened(inferenceServer({ models: { vad: ['1', '2'] }, extensions: [...extensions] }))
        const server = await to(spoken)
        const inputs = [floats, longs, ints]
        const { model_version, outputs } = await server.infer({ model: 'vad', inputs, outputs: ['n', 'x'] }, never)
        expect(model_version).to.equal('2')
        expect(Object.values(outputs)).to.deep.equal(inputs)
        const again = await server.infer({ model: 'vad', version: '1', inputs: [floats] }, never)
        expect(again).to.deep.equal({ model_version: '1', outputs: { x: floats } })
        expect(
          spoken.asked.filter((one) => one === 'GET /v2'),
          'asked what it can once',
        ).to.have.length(1)
        const isBinary = spoken.inferred.map(({ headers }) => 'inference-header-content-length' in headers)
        expect(isBinary).to.deep.equal([kind === 'binary', kind === 'binary'])
        const wanted = JSON.parse(
          /"outputs":(\[.*?\])/.exec(spoken.inferred[0]!.body.toString('latin1'))![1]!,
        ) as object
        expect(wanted).to.deep.equal([{ name: 'n' }, { name: 'x' }])
      })

    it('takes rows that are arrays of their own', async () => {
      const outputs = [
        {
          name: 'x',
          datatype: 'FP32',
          shape: [2, 3],
          data: [
            [0, -1.5, 2],
            [3, 1e-8, 5],
          ],
        },
      ]
      const server = await to(await opened(inferenceServer({ models: { vad: [] }, infer: json({ outputs }) })))
      expect((await server.infer({ model: 'vad', inputs: [] }, never)).outputs).to.deep.equal({ x: floats })
    })

    it('shows its token with every request, and says so of a server that does not let it in', async () => {
      const spoken = await opened(inferenceServer({ token: 'sesame', models: { vad: ['1'] } }))
      const server = await to(spoken, { token: 'sesame' })
      expect(await server.ready(never)).to.equal(true)
      await server.infer({ model: 'vad', inputs: [ints] }, never)
      const fault = await faultOf((await to(spoken, { token: 'other' })).ready(never))
      expect(fault.message).to.match(/does not let us in \(401\)$/)
      await expectFault((await to(spoken)).infer({ model: 'vad', inputs: [ints] }, never), /401|no JSON/)
    })

    it('asks below the path of its URL', async () => {
      const asked: string[] = []
      const server = await opened(
        answering((request, response) => {
          asked.push(request.url!)
          response.end()
        }),
      )
      await (await to({ url: `${server.url}/triton` })).live(never)
      await (await to({ url: server.url })).modelReady('a/../b c', '1?', never)
      expect(asked).to.deep.equal(['/triton/v2/health/live', '/v2/models/a%2F..%2Fb%20c/versions/1%3F/ready'])
    })

    it('asks once more where a connection that was kept open was closed meanwhile', async () => {
      const seen = new WeakSet<object>()
      let connections = 0
      const server = await to(
        await opened(
          answering((request, response) => {
            if (seen.has(request.socket)) return request.socket.resetAndDestroy()
            seen.add(request.socket)
            connections++
            response.end()
          }),
        ),
      )
      for (let i = 0; i < 3; i++) expect(await server.live(never)).to.equal(true)
      expect(connections).to.equal(3)
    })
  })

  describe('finds the request at fault', () => {
    it('where the server says that it is wrong, in its words', async () => {
      const infer = json({ error: 'unexpected\nshape for input x' }, 400)
      const server = await to(await opened(inferenceServer({ models: { vad: [] }, infer })))
      const error = await errorOf(server.infer({ model: 'vad', inputs: [floats] }, never))
      expect(error).to.be.instanceOf(RequestFault)
      expect(error.message).to.equal('The server refused the request (400): unexpected shape for input x')
    })

    it('where its tensors are none, without asking anybody', async () => {
      const spoken = await opened(inferenceServer({ models: { vad: [] }, extensions: [] }))
      const server = await to(spoken)
      for (const wrong of [
        { ...floats, shape: [7] },
        { ...floats, shape: [-2, -3] },
        { ...floats, shape: [2.5] },
        { ...floats, datatype: 'INT64' as const },
        { ...floats, shape: [1], data: Float32Array.of(NaN) },
      ])
        expect(await errorOf(server.infer({ model: 'vad', inputs: [wrong] }, never))).to.be.instanceOf(RequestFault)
      expect(spoken.asked).to.not.include('POST /v2/models/vad/infer')
    })

    it('not where the model is not there, nobody is let in, or it has too much to do', async () => {
      for (const status of [401, 403, 404, 408, 429]) {
        const server = await to(await opened(inferenceServer({ models: { vad: [] }, infer: json({}, status) })))
        await expectFault(server.infer({ model: 'vad', inputs: [] }, never), new RegExp(`^It answered ${status}$`))
      }
    })
  })

  describe('finds the server at fault', () => {
    /** Of every kind of request. */
    async function faultsOf(listener: RequestListener, more: object = {}) {
      const server = await to(await opened(answering(listener)), more)
      return faultsWith(server)
    }
    async function faultsWith(server: InferenceServer) {
      const calls = [
        server.live(never),
        server.ready(never),
        server.modelReady('vad', undefined, never),
        server.infer({ model: 'vad', inputs: [floats] }, never),
      ]
      return (await Promise.all(calls.map(faultOf))).map(({ message }) => message)
    }
    const all = (message: string) => Array.from({ length: 4 }, () => message)

    it('that answers 500, with its reason', async () =>
      expect(await faultsOf(json({ error: 'out of memory' }, 500))).to.deep.equal(
        all('It answered 500: out of memory'),
      ))

    it('that answers garbage', async () => {
      expect(await faultsOf((_, response) => response.end('<!doctype html><title>Hello</title>'))).to.deep.equal(
        all('What it answered is no JSON'),
      )
      expect(await faultsOf((_, response) => response.end('[1]'))).to.deep.equal(
        all('What it answered is no JSON object'),
      )
    })

    it('that speaks no HTTP, or hangs up', async () => {
      const garbage = await to(await opened(speaking((socket) => socket.end('220 mail.example ESMTP\r\n'))))
      for (const message of await faultsWith(garbage)) expect(message).to.match(/^What it answered is no HTTP/)
      const rude = await to(await opened(speaking((socket) => socket.end())))
      for (const message of await faultsWith(rude)) expect(message).to.match(/^It broke the connection off/)
    })

    it('that is not there', async () => {
      const gone = await answering((_, response) => response.end())
      await gone.close()
      expect(await faultsWith(await to(gone))).to.deep.equal(all('Nothing listens there (ECONNREFUSED)'))
    })

    it('that hangs: before it answers, in the middle of it, or while it trickles on for ever', async () => {
      const limited = { timeoutMs: 300 }
      const late = all('It did not answer in full within 0.3 s')
      const trickling = (response: ServerResponse) => {
        const timer = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(timer))
      }
      const began = performance.now()
      expect(await faultsOf(() => undefined, limited)).to.deep.equal(late)
      expect(await faultsOf((_, response) => response.write('{'), limited)).to.deep.equal(late)
      expect(await faultsOf((_, response) => trickling(response), limited)).to.deep.equal(late)
      const silent = await to(await opened(speaking(() => undefined)), limited)
      expect(await faultsWith(silent)).to.deep.equal(late)
      expect(performance.now() - began).to.be.below(5000)
    })

    it('that sends half of its answer', async () => {
      const half = (head: object) => (_: unknown, response: ServerResponse) => {
        response.writeHead(200, head as Record<string, string>)
        response.write('{"outputs":', () => response.socket!.end())
      }
      expect(await faultsOf(half({ 'content-length': '1000' }))).to.deep.equal(all('Its answer broke off'))
      expect(await faultsOf(half({}))).to.deep.equal(all('Its answer broke off'))
    })

    it('that answers with a gigabyte, and takes in none of it', async () => {
      const limit = 1 << 20
      const chunk = Buffer.alloc(1 << 16, ' ')
      let sent = 0
      const pour: RequestListener = (_, response) => {
        const more = () => {
          while (!response.destroyed && sent < 1 << 30 && response.write(chunk)) sent += chunk.length
          if (!response.destroyed && sent < 1 << 30) response.once('drain', more)
          else response.end()
        }
        more()
      }
      expect(await faultsOf(pour, { maxBytes: limit, timeoutMs: 10_000 })).to.deep.equal(
        all(`Its answer is longer than ${limit} bytes`),
      )
      expect(sent, 'what was sent before it was cut off').to.be.below(64 << 20)
      const told: RequestListener = (_, response) => {
        response.writeHead(200, { 'content-length': String(1 << 30) })
        response.write('{')
      }
      expect(await faultsOf(told, { maxBytes: limit })).to.deep.equal(all(`Its answer is longer than ${limit} bytes`))
    })

    it('that packs its answer, which may be a bomb', async () => {
      const bomb = gzipSync(Buffer.alloc(1 << 20, ' '))
      const packed: RequestListener = (_, response) => response.setHeader('content-encoding', 'gzip').end(bomb)
      expect(await faultsOf(packed)).to.deep.equal(all('Its answer is compressed, which was not asked for'))
    })

    it('that redirects, to where nobody is ever asked', async () => {
      const hits: string[] = []
      const target = await opened(
        answering((request, response) => {
          hits.push(request.url!)
          response.end('{}')
        }),
      )
      for (const status of [301, 302, 307, 308]) {
        const away: RequestListener = (_, response) =>
          response.writeHead(status, { location: `http://localhost:${target.port}/v2` }).end()
        expect(await faultsOf(away)).to.deep.equal(
          all(`It answered with a redirect (${status}), which is not followed`),
        )
      }
      expect(hits).to.deep.equal([])
    })

    it('whose tensors are none', async () => {
      const x = { name: 'x', datatype: 'FP32', shape: [2], data: [1, 2] }
      const binary =
        (outputs: object[], bytes: number, length?: number): RequestListener =>
        (_, response) => {
          const head = Buffer.from(JSON.stringify({ outputs }))
          response.setHeader('inference-header-content-length', length ?? head.length)
          response.end(Buffer.concat([head, Buffer.alloc(bytes)]))
        }
      const sized = (binary_data_size: unknown) => [
        { name: 'x', datatype: 'FP32', shape: [2], parameters: { binary_data_size } },
      ]
      const wrong: [RequestListener, RegExp][] = [
        [json({}), /no outputs/],
        [json({ outputs: [null] }), /no object/],
        [json({ outputs: [{ ...x, name: 1 }] }), /no own name/],
        [json({ outputs: [x, x] }), /no own name/],
        [json({ outputs: [{ ...x, datatype: 'toString' }] }), /of a type we do not know/],
        [json({ outputs: [{ ...x, shape: [3] }] }), /not as many elements/],
        [json({ outputs: [{ ...x, shape: [-1, -2] }] }), /has no shape/],
        [json({ outputs: [{ ...x, shape: [1e10, 1e10] }] }), /has no shape/],
        [json({ outputs: [{ ...x, data: ['1', null] }] }), /elements that are no FP32/],
        [json({ outputs: [{ ...x, datatype: 'INT64', data: [1, 2.5] }] }), /elements that are no INT64/],
        [json({ outputs: [{ ...x, data: 'ab' }] }), /not as many elements/],
        [json({ outputs: [{ ...x, name: 'y' }] }), /lacks the output x/],
        [binary(sized(8), 7), /not as many elements/],
        [binary(sized(4), 4), /not as many elements/],
        [binary(sized('8'), 8), /not as many elements/],
        [binary(sized(-8), 0), /not as many elements/],
        [binary(sized(8), 9), /belong to no output/],
        [binary(sized(8), 8, 1e6), /longer than all of it/],
        [binary(sized(8), 8, -1), /longer than all of it/],
      ]
      for (const [infer, message] of wrong) {
        const server = await to(await opened(inferenceServer({ models: { vad: [] }, infer })))
        await expectFault(server.infer({ model: 'vad', inputs: [], outputs: ['x'] }, never), message)
      }
    })

    it('whose name leads to where no server may be, whatever it led to before', async () => {
      const server = await opened(inferenceServer())
      const { lookup } = dns
      let leadsTo = '127.0.0.1'
      const rebound = (_: string, options: object, found: (...told: unknown[]) => void) =>
        found(null, [{ address: leadsTo, family: 4 }], options)
      Object.assign(dns, { lookup: rebound })
      syncBuiltinESMExports()
      try {
        const named = await to({ url: `http://gpu.example:${server.port}` })
        expect(await named.live(never)).to.equal(true)
        named.close()
        leadsTo = '169.254.169.254'
        expect(await faultsWith(named)).to.deep.equal(
          all('gpu.example (169.254.169.254) is a link-local, metadata or unspecified address, where no server may be'),
        )
      } finally {
        Object.assign(dns, { lookup })
        syncBuiltinESMExports()
      }
    })

    it('never where the one who asks gives up', async () => {
      const server = await to(await opened(answering(() => undefined)))
      for (const call of [
        (signal: AbortSignal) => server.live(signal),
        (signal: AbortSignal) => server.infer({ model: 'vad', inputs: [] }, signal),
      ]) {
        const controller = new AbortController()
        const reason = new Error('enough')
        const asked = call(controller.signal)
        setTimeout(() => controller.abort(reason), 50)
        expect(await errorOf(asked)).to.equal(reason)
        expect(await errorOf(call(AbortSignal.abort(reason)))).to.equal(reason)
      }
    })
  })

  describe('over TLS', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xylolabs-tls-'))
    after(() => rmSync(folder, { recursive: true, force: true }))
    const day = 24 * 3600 * 1000

    async function secured(lastsMs: number) {
      const made = await generate([{ name: 'commonName', value: 'spec' }], {
        ...{ keyType: 'ec', curve: 'P-256', algorithm: 'sha256' },
        notBeforeDate: new Date(Date.now() - 2 * day),
        notAfterDate: new Date(Date.now() + lastsMs),
        extensions: [
          { name: 'basicConstraints', cA: true, critical: true },
          { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
        ],
      })
      const server = createSecure({ key: made.private, cert: made.cert }, (_, response) => response.end())
      const file = join(folder, `${lastsMs}.pem`)
      writeFileSync(file, made.cert)
      return { ...(await opened(listening(server, 0, 'https'))), file }
    }

    /** In a process that trusts this certificate: Node reads such ones when it starts. */
    async function trusting({ url, file }: { url: string; file: string }): Promise<string> {
      const script = `
        import { connectInference } from './workers/inferenceProtocol.ts'
        const server = connectInference({ url: ${JSON.stringify(url)}, timeoutMs: 2000 })
        console.log(await server.live(new AbortController().signal).catch(({ name, message }) => name + ': ' + message))
        server.close()`
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '-e', script],
        { cwd: root, env: { ...process.env, NODE_EXTRA_CA_CERTS: file } },
      )
      return stdout.trim()
    }

    it('trusts no server that vouches for itself, nor one without TLS', async () => {
      const server = await secured(day)
      await expectFault((await to(server)).live(never), /signed by nobody we trust/)
      const plain = await opened(inferenceServer())
      await expectFault((await to({ url: plain.url.replace('http', 'https') })).live(never), /does not speak TLS/)
    })

    it('trusts whom the machine trusts, and nobody whose certificate has expired', async () => {
      expect(await trusting(await secured(day))).to.equal('true')
      expect(await trusting(await secured(-day))).to.match(/^ServerFault: Its certificate has expired/)
    }).timeout(30_000)
  })

  it('leaves nothing open', async () => {
    const spoken = await opened(inferenceServer())
    const server = connectInference({ url: spoken.url, timeoutMs: 2000 })
    await Promise.all(Array.from({ length: 5 }, () => server.live(never)))
    expect(spoken.connections()).to.be.above(0)
    server.close()
    await eventually(() => expect(spoken.connections()).to.equal(0))
  })
})

const json =
  (body: object, status = 200): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

async function errorOf(call: Promise<unknown>): Promise<Error> {
  try {
    await call
  } catch (error) {
    return error as Error
  }
  throw new Error('It went well')
}

async function faultOf(call: Promise<unknown>): Promise<Error> {
  const error = await errorOf(call)
  expect(error, error.stack).to.be.instanceOf(ServerFault)
  return error
}

const expectFault = async (call: Promise<unknown>, message: RegExp) =>
  expect((await faultOf(call)).message).to.match(message)
