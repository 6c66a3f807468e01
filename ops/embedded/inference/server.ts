import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import pLimit from 'p-limit'
import { checkInputs, type Runnable, type Served } from './served.ts'
import { decodeRequest, encodeAnswer, headLength, Refused } from './tensors.ts'

export interface InferenceOptions {
  port: number
  models: readonly Served[]
  /** In bytes; a longer request is refused. */
  mostBytes?: number
  /** So many requests wait for their turn; one more is refused. */
  mostWaiting?: number
}

interface Answer {
  status: number
  headers?: Record<string, string>
  body: Buffer | object
}

const [label, versioned] = ['([^/]+)', '(?:/versions/([^/]+))?']
const modelPath = new RegExp(`^/v2/models/${label}${versioned}(?:/(ready|infer))?$`)

/** Open Inference Protocol v2 over HTTP, with binary tensors. Models are loaded at their first use and run one request at a time. Resolves when it listens. */
export async function startInferenceServer({
  port,
  models,
  mostBytes = 16 << 20,
  mostWaiting = 16,
}: InferenceOptions): Promise<Server> {
  const turn = pLimit(1)
  const loads = new Map<Served, Promise<Runnable>>()

  /** Loaded once; what failed stays so until the process is another one. */
  function loaded(model: Served): Promise<Runnable> {
    let loading = loads.get(model)
    if (!loading) {
      loading = model.load()
      loads.set(model, loading)
    }
    return loading.catch((error: unknown) => {
      throw new Refused(400, `model '${model.name}' cannot be loaded: ${(error as Error).message}`)
    })
  }

  async function infer(model: Served, request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity')
      throw new Refused(415, 'a compressed request is not understood')
    const asked = decodeRequest(await bodyOf(request, mostBytes), request.headers[headLength] as string | undefined)
    checkInputs(model, asked.inputs)
    const wanted = asked.outputs ?? model.outputs.map(({ name }) => ({ name, binary: asked.binary }))
    const strange = wanted.find(({ name }) => !model.outputs.some((one) => one.name === name))
    if (strange) throw new Refused(400, `model '${model.name}' has no output '${strange.name}'`)
    const { run } = await loaded(model)
    if (turn.pendingCount >= mostWaiting) throw new Refused(503, 'too many requests wait already')
    const tensors = await turn(() => run(asked.inputs, signal))
    const outputs = wanted.map(({ name, binary }) => ({ tensor: tensors.find((one) => one.name === name)!, binary }))
    const about = {
      model_name: model.name,
      model_version: model.version,
      ...(asked.id !== undefined && { id: asked.id }),
    }
    return { status: 200, ...encodeAnswer(about, outputs) }
  }

  async function answer(request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
    const { pathname } = new URL(request.url!, 'http://localhost')
    const named = modelPath.exec(pathname)
    const only = (method: string) => {
      if (request.method !== method) throw new Refused(405, `${pathname} is asked by ${method}`)
    }
    if (!named) {
      const told = about[pathname]
      if (!told) throw new Refused(404, `nothing is at ${pathname}`)
      only('GET')
      return { status: 200, body: told }
    }
    const [name, version] = [named[1], named[2]].map((part) => part && decoded(part))
    const model = models.find((one) => one.name === name && (version ?? one.version) === one.version)
    if (!model)
      throw new Refused(404, `there is no model '${name}'${version === undefined ? '' : ` of version '${version}'`}`)
    only(named[3] === 'infer' ? 'POST' : 'GET')
    if (named[3] === 'infer') return infer(model, request, signal)
    if (named[3] === undefined) return { status: 200, body: described(model) }
    await loaded(model)
    return { status: 200, body: { name: model.name, ready: true } }
  }

  const server = createServer({ requestTimeout: 30_000, keepAliveTimeout: 65_000 }, (request, response) => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    answer(request, gone.signal)
      .catch((error: unknown) => refusal(error))
      .then((told) => send(response, told))
      .catch((error: unknown) => console.error(error))
  })
  server.maxConnections = 64
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return server
}

const about: Readonly<Record<string, object>> = Object.assign(Object.create(null), {
  '/v2': { name: 'xylolabs-inference', version: '1', extensions: ['binary_tensor_data'] },
  '/v2/health/live': { live: true },
  '/v2/health/ready': { ready: true },
})

const described = ({ name, version, inputs, outputs }: Served) => ({
  name,
  versions: [version],
  platform: 'onnxruntime_onnx',
  inputs,
  outputs,
})

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new Refused(400, 'the path is not encoded as a URL is')
  }
}

async function bodyOf(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const tooLong = () => new Refused(413, `a request has at most ${mostBytes} bytes`)
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLong()
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    if ((size += part.length) > mostBytes) throw tooLong()
    parts.push(part)
  }
  return Buffer.concat(parts, size)
}

function refusal(error: unknown): Answer {
  if (error instanceof Refused) return { status: error.status, body: { error: error.message } }
  console.error(error)
  return { status: 500, body: { error: 'it could not be computed' } }
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
  // What was not read of the request is not read as the next one.
  if (!response.req.complete) response.setHeader('connection', 'close')
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers, 'content-length': bytes.length })
    .end(bytes)
}
