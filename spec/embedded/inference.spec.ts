import { expect } from 'chai'
import { readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import Module from 'node:module'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startInferenceServer } from '../../ops/embedded/inference/server.ts'
import type { Served } from '../../ops/embedded/inference/served.ts'
import { type Stack, startStack } from '../../ops/embedded/stack.ts'
import type { Tensor } from '../../workers/models/model.ts'
import { eventually } from '../eventually.ts'
import { inferAt } from '../openInference.ts'
import { noise } from '../speech.ts'
import { temporaryDataDir } from '../system.ts'

const secrets = {
  postgresPassword: 'p',
  s3AccessKey: 'XYLOTEST',
  s3SecretKey: 'a-secret-for-the-spec',
  eventStoreUser: 'admin',
  eventStorePassword: 'e',
  natsToken: 't',
}
const provide = { eventStore: false, database: false, bus: false, objects: false, inference: true }

describe('the embedded inference server', () => {
  const dataDir = temporaryDataDir()
  const logged: string[] = []
  const start = () => startStack({ dataDir, provide, secrets, paths: {}, log: ({ msg }) => logged.push(msg) })
  let stack: Stack
  let url: string

  before(async () => {
    stack = await start()
    url = stack.addresses.INFERENCE_URL!
  })
  after(async () => {
    await stack?.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  async function ask(path: string, options: RequestInit = {}): Promise<{ status: number; body: any }> {
    const answer = await fetch(`${url}${path}`, options)
    return { status: answer.status, body: await answer.json() }
  }
  const post = (body: unknown, headers: Record<string, string> = {}, model = 'silero-vad') =>
    ask(`/v2/models/${model}/infer`, {
      method: 'POST',
      headers,
      body: body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
    })

  const input = (samples: Float32Array): Tensor => ({
    name: 'input',
    datatype: 'FP32',
    shape: [1, samples.length],
    data: samples,
  })
  const state = (data: Float32Array = new Float32Array(256)): Tensor => ({
    name: 'state',
    datatype: 'FP32',
    shape: [2, 1, 128],
    data,
  })
  const sr = (rate = 16_000n): Tensor => ({ name: 'sr', datatype: 'INT64', shape: [1], data: BigInt64Array.of(rate) })
  const asJson = ({ data, ...tensor }: Tensor) => ({ ...tensor, data: Array.from(data as ArrayLike<number>, Number) })
  const inputs = (samples: Float32Array = new Float32Array(576)) => [input(samples), state(), sr()].map(asJson)

  it('says that it is there, what it is and what it has', async () => {
    expect(await ask('/v2/health/live')).to.deep.equal({ status: 200, body: { live: true } })
    expect(await ask('/v2/health/ready')).to.deep.equal({ status: 200, body: { ready: true } })
    expect((await ask('/v2')).body.extensions).to.deep.equal(['binary_tensor_data'])
    const { body } = await ask('/v2/models/silero-vad')
    expect([body.name, body.versions]).to.deep.equal(['silero-vad', ['6']])
    expect(body.inputs[0]).to.deep.equal({ name: 'input', datatype: 'FP32', shape: [1, -1] })
    for (const path of ['/v2/models/silero-vad/ready', '/v2/models/silero-vad/versions/6/ready'])
      expect(await ask(path)).to.deep.equal({ status: 200, body: { name: 'silero-vad', ready: true } })
  })

  it('infers by JSON, with the numbers as they were asked for', async () => {
    const { status, body } = await post({ id: 'mine', inputs: inputs(), outputs: [{ name: 'output' }] })
    expect([status, body.id, body.model_name, body.model_version]).to.deep.equal([200, 'mine', 'silero-vad', '6'])
    expect(body.outputs.map(({ name, datatype, shape }: Tensor) => [name, datatype, shape])).to.deep.equal([
      ['output', 'FP32', [1, 1]],
    ])
    expect(body.outputs[0].data[0]).to.be.within(0, 0.2)
  })

  it('gives by bytes what it gives by JSON', async () => {
    const samples = noise(64 + 3 * 512, 0.5)
    const { body } = await post({ inputs: inputs(samples) })
    const binary = await inferAt(url, 'silero-vad')([input(samples), state(), sr()])
    for (const { name, shape, data } of body.outputs) {
      expect(binary[name]!.shape).to.deep.equal(shape)
      expect(Array.from(binary[name]!.data)).to.deep.equal(data)
    }
    expect(Object.keys(binary)).to.deep.equal(['output', 'stateN', 'max_windows'])
  })

  it('goes on within a request as from one to the next', async () => {
    const samples = noise(64 + 5 * 512, 0.3)
    const infer = inferAt(url, 'silero-vad')
    const all = await infer([input(samples), state(), sr()])
    const single: unknown[] = []
    let remembered = new Float32Array(256)
    for (let i = 0; i < 5; i++) {
      const told = await infer([input(samples.slice(i * 512, i * 512 + 576)), state(remembered), sr()])
      single.push(told['output']!.data[0])
      remembered = told['stateN']!.data as Float32Array<ArrayBuffer>
    }
    expect(single).to.deep.equal(Array.from(all['output']!.data))
    expect(remembered).to.deep.equal(all['stateN']!.data)
    const forgetful = await infer([input(samples.slice(4 * 512)), state(), sr()])
    expect(forgetful['output']!.data[0]).not.to.equal(single[4])
  })

  describe('refuses in the words of the protocol', () => {
    const [first, second, third] = inputs() as [any, any, any]
    const bytes = (head: object, rest = Buffer.alloc(0)) => Buffer.concat([Buffer.from(JSON.stringify(head)), rest])
    const cases: Record<string, [body: unknown, status: number, says: RegExp, headers?: Record<string, string>]> = {
      'what is no JSON': [Buffer.from('{"inputs": ['), 400, /no JSON/],
      'what is no object': [[1], 400, /must be an object/],
      'no inputs': [{}, 400, /inputs must be a list/],
      'an input that is no object': [{ inputs: [null] }, 400, /an input must be an object/],
      'a missing input': [{ inputs: [first, third] }, 400, /input 'state' of model 'silero-vad' is missing/],
      'an unknown input': [{ inputs: [first, second, third, { ...third, name: 'extra' }] }, 400, /no input 'extra'/],
      'an input twice': [{ inputs: [first, first, second, third] }, 400, /the same name/],
      'an unknown output': [{ inputs: inputs(), outputs: [{ name: 'x' }] }, 400, /no output 'x'/],
      'another datatype': [
        { inputs: [{ ...first, datatype: 'INT32', data: first.data }, second, third] },
        400,
        /must be FP32 \[1,-1\], not INT32/,
      ],
      'an unknown datatype': [{ inputs: [{ ...first, datatype: 'constructor' }] }, 400, /must be of the datatype FP32/],
      'another shape': [
        { inputs: [{ ...first, shape: [576] }, second, third] },
        400,
        /must be FP32 \[1,-1\], not FP32 \[576\]/,
      ],
      'a shape that is none': [{ inputs: [{ ...first, shape: [1, -1] }, second, third] }, 400, /has no shape/],
      'a shape of another size': [
        { inputs: [{ ...first, shape: [1, 1e15] }, second, third] },
        400,
        /elements of its shape/,
      ],
      'elements that are no numbers': [
        { inputs: [{ ...first, data: new Array(576).fill(null) }, second, third] },
        400,
        /no FP32/,
      ],
      'half a window': [{ inputs: inputs(new Float32Array(64 + 256)) }, 400, /64 \+ n × 512 samples/],
      'more windows than it takes': [{ inputs: inputs(new Float32Array(64 + 1025 * 512)) }, 400, /n from 1 to 1024/],
      'another rate': [{ inputs: [first, second, { ...third, data: [8000] }] }, 400, /'sr' must be 16000/],
      'a head longer than the body': [
        bytes({ inputs: [] }),
        400,
        /is not the length/,
        { 'Inference-Header-Content-Length': '999' },
      ],
      'a head of no length': [
        bytes({ inputs: [] }),
        400,
        /is not the length/,
        { 'Inference-Header-Content-Length': '-1' },
      ],
      'fewer bytes than it says': [
        bytes({ inputs: [{ ...first, data: undefined, parameters: { binary_data_size: 2304 } }] }),
        400,
        /has not the bytes of its shape/,
      ],
      'a compressed body': [bytes({}), 415, /compressed/, { 'Content-Encoding': 'gzip' }],
    }
    for (const [what, [body, status, says, headers]] of Object.entries(cases))
      it(what, async () => {
        const answer = await post(body, headers)
        expect([answer.status, Object.keys(answer.body)]).to.deep.equal([status, ['error']])
        expect(answer.body.error).to.match(says)
      })

    it('more bytes than its binary inputs have', async () => {
      const head = JSON.stringify({ inputs: inputs() })
      const answer = await post(Buffer.concat([Buffer.from(head), Buffer.alloc(5)]), {
        'Inference-Header-Content-Length': String(Buffer.byteLength(head)),
      })
      expect([answer.status, answer.body.error]).to.deep.equal([400, 'the body is longer than its inputs say'])
    })

    it('models, versions, paths and methods that it does not have', async () => {
      for (const [path, status] of [
        ['/v2/models/yolo', 404],
        ['/v2/models/yolo/ready', 404],
        ['/v2/models/silero-vad/versions/5/ready', 404],
        ['/v2/models/%E0%A4%A/ready', 400],
        ['/v2/constructor', 404],
        ['/', 404],
        ['/v2/models/silero-vad/infer', 405],
      ] as const)
        expect((await ask(path)).status, path).to.equal(status)
      expect((await ask('/v2/health/live', { method: 'POST' })).status).to.equal(405)
      expect((await post({ inputs: inputs() }, {}, 'yolo')).status).to.equal(404)
    })

    it('a body that is too large, before it is sent and while it is', async () => {
      const send = (headers: http.OutgoingHttpHeaders, bytes: number) =>
        new Promise<number>((resolve, reject) => {
          const options = { method: 'POST', headers }
          const request = http.request(`${url}/v2/models/silero-vad/infer`, options, (answer) => {
            resolve(answer.statusCode!)
            request.destroy()
          })
          request.on('error', reject)
          const piece = Buffer.alloc(1 << 20)
          for (let sent = 0; sent < bytes; sent += piece.length) request.write(piece)
        })
      expect(await send({ 'Content-Length': 17 << 20 }, 1 << 20)).to.equal(413)
      expect(await send({ 'Transfer-Encoding': 'chunked' }, 18 << 20)).to.equal(413)
    })
  })

  it('answers others while somebody sends half a request, or nonsense', async () => {
    const { port } = new URL(url)
    const half = connect(Number(port), '127.0.0.1')
    half.on('error', () => {})
    half.write('POST /v2/models/silero-vad/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{')
    const nonsense = connect(Number(port), '127.0.0.1')
    nonsense.on('error', () => {})
    nonsense.write('\u0000\u0001\u0002 HTTP?\r\n\r\n')
    expect((await post({ inputs: inputs() })).status).to.equal(200)
    half.destroy()
    nonsense.destroy()
    expect((await ask('/v2/health/live')).status).to.equal(200)
  })

  it('says that it is alive while it computes', async () => {
    const counts: number[] = []
    // A busy machine answers fewer, never more: the most of a few tells.
    for (let round = 0; round < 3; round++) {
      const computing = inferAt(url, 'silero-vad')([input(noise(64 + 1024 * 512, 0.1)), state(), sr()])
      let isOver = false
      void computing.finally(() => (isOver = true))
      let answered = 0
      while (!isOver && (await ask('/v2/health/live')).status === 200) answered++
      await computing
      counts.push(answered)
    }
    expect(Math.max(...counts)).to.be.above(5)
  })

  it('is started again at the same address when it is killed', async () => {
    const before = stack.pids()['inference']!
    process.kill(before, 'SIGKILL')
    await eventually(async () => {
      expect((await post({ inputs: inputs() })).status).to.equal(200)
      expect(stack.pids()['inference']).not.to.equal(before)
    })
    const { addresses } = JSON.parse(readFileSync(join(dataDir, 'stack.json'), 'utf8'))
    expect(addresses).to.deep.equal({ INFERENCE_URL: url })
  })

  it('is left out, in one line, where its runtime is not installed', async () => {
    const elsewhere = temporaryDataDir()
    const loader = Module as unknown as { _resolveFilename: (name: string, ...more: unknown[]) => string }
    const resolveFilename = loader._resolveFilename
    loader._resolveFilename = function (name, ...more) {
      if (name === 'onnxruntime-node') throw Object.assign(new Error('no such module'), { code: 'MODULE_NOT_FOUND' })
      return resolveFilename.call(this, name, ...more)
    }
    const said: string[] = []
    try {
      const all = { ...provide, objects: true }
      const without = await startStack({
        dataDir: elsewhere,
        provide: all,
        secrets,
        paths: {},
        log: ({ msg }) => said.push(msg),
      })
      expect(Object.keys(without.addresses)).to.deep.equal(['S3_ENDPOINT'])
      expect(Object.keys(without.pids())).to.deep.equal(['s3'])
      await without.stop()
    } finally {
      loader._resolveFilename = resolveFilename
      rmSync(elsewhere, { recursive: true, force: true })
    }
    expect(said).to.deep.equal([
      'no inference server is started: the optional package onnxruntime-node is not installed; all else runs',
    ])
  })

  describe('with models of its own', () => {
    const describedAs = (name: string, load: Served['load']): Served => ({
      name,
      version: '1',
      inputs: [],
      outputs: [],
      load,
    })
    const asked = (url: string, path: string, options?: RequestInit) => fetch(`${url}/v2/models/${path}`, options)
    const infer = (url: string, name: string, signal?: AbortSignal) =>
      asked(url, `${name}/infer`, { method: 'POST', body: '{"inputs":[]}', ...(signal && { signal }) })

    async function serving(models: Served[], act: (url: string) => Promise<void>, mostWaiting = 16) {
      const server = await startInferenceServer({ port: 0, models, mostWaiting })
      const { port } = server.address() as { port: number }
      try {
        await act(`http://127.0.0.1:${port}`)
      } finally {
        server.closeAllConnections()
        server.close()
      }
    }

    it('loads one once, at its first use, and not before', async () => {
      let loads = 0
      const model = describedAs('lazy', async () => {
        loads++
        return { run: async () => [] }
      })
      await serving([model], async (url) => {
        await fetch(`${url}/v2/health/ready`)
        await asked(url, 'lazy')
        expect(loads).to.equal(0)
        await Promise.all([asked(url, 'lazy/ready'), infer(url, 'lazy'), infer(url, 'lazy')])
        expect(loads).to.equal(1)
      })
    })

    it('says why one is not ready that cannot be loaded, and goes on', async () => {
      const broken = describedAs('broken', () => Promise.reject(new Error('no such library')))
      await serving([broken], async (url) => {
        for (let i = 0; i < 2; i++) {
          const answer = await asked(url, 'broken/ready')
          expect([answer.status, await answer.json()]).to.deep.equal([
            400,
            { error: "model 'broken' cannot be loaded: no such library" },
          ])
        }
        expect((await fetch(`${url}/v2/health/live`)).status).to.equal(200)
      })
    })

    it('runs one request at a time, lets so many wait, and none that nobody waits for any more', async () => {
      let [running, most, aborted] = [0, 0, 0]
      const open = new AbortController()
      const slow = describedAs('slow', async () => ({
        run: async (_, signal) => {
          most = Math.max(most, ++running)
          await delay(60_000, undefined, { signal: AbortSignal.any([signal, open.signal]) }).catch(() => {})
          if (signal.aborted) aborted++
          running--
          return []
        },
      }))
      await serving(
        [slow],
        async (url) => {
          const leaves = new AbortController()
          const left = infer(url, 'slow', leaves.signal).catch(() => undefined)
          await eventually(() => expect(running).to.equal(1))
          const waiting = [infer(url, 'slow'), infer(url, 'slow')]
          await eventually(async () =>
            expect((await infer(url, 'slow', AbortSignal.timeout(100))).status).to.equal(503),
          )
          leaves.abort()
          await left
          await eventually(() => expect(aborted).to.equal(1))
          open.abort()
          expect((await Promise.all(waiting)).map(({ status }) => status)).to.deep.equal([200, 200])
          expect(most).to.equal(1)
        },
        2,
      )
    })

    it('says that it cannot compute, and not why, when one fails', async () => {
      const failing = describedAs('failing', async () => ({ run: () => Promise.reject(new Error('secret')) }))
      const { error } = console
      console.error = () => {}
      try {
        await serving([failing], async (url) => {
          const answer = await infer(url, 'failing')
          expect([answer.status, await answer.json()]).to.deep.equal([500, { error: 'it could not be computed' }])
        })
      } finally {
        console.error = error
      }
    })
  })
})
