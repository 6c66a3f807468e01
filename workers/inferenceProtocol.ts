import { RequestFault, ServerFault } from './inferenceFaults.ts'
import { requesterOf, type Told } from './inferenceRequest.ts'
import { decodeAnswer, encodeRequest, type Inferred, objectIn, type Tensor } from './inferenceTensors.ts'

export { RequestFault, ServerFault } from './inferenceFaults.ts'
export type { Inferred, Tensor } from './inferenceTensors.ts'

/** A server that speaks the Open Inference Protocol, version 2, over HTTP. Each call throws ServerFault, or the signal's reason. */
export interface InferenceServer {
  /** Whether it is there at all. */
  live(signal: AbortSignal): Promise<boolean>
  /** Whether it takes requests. */
  ready(signal: AbortSignal): Promise<boolean>
  /** Whether it takes requests for this model; `version`: the one asked for, or else the newest that it names. */
  modelReady(name: string, version: string | undefined, signal: AbortSignal): Promise<ModelReadiness>
  /** The versions of a model that it names, oldest first: not all need be ready. Empty where it names none. */
  versions(name: string, signal: AbortSignal): Promise<string[]>
  /** Throws RequestFault too: where the server says that the request is wrong. */
  infer(asked: Asked, signal: AbortSignal): Promise<Inferred>
  /** Ends the connections that are kept open. */
  close(): void
}

export interface ModelReadiness {
  ready: boolean
  version?: string
}

export interface Asked {
  model: string
  /** Absent: whichever the server takes. */
  version?: string
  inputs: readonly Tensor[]
  /** By name; absent: all it has. */
  outputs?: readonly string[]
}

/** What a healthy server says of itself is short. */
const mostTold = 1 << 20
const mostInferred = 64 << 20

/** What says nothing of the request's content: that nobody is let in, that no such model is here, that it is too slow or too busy. */
const ofTheServer = new Set([401, 403, 404, 405, 407, 408, 421, 425, 429])

/**
 * @param url where `/v2` answers, as `serverUrl` accepts it
 * @param timeoutMs of each call, to the last byte of the answer
 * @param maxBytes of the answer to an infer request
 */
export function connectInference(options: {
  url: string
  token?: string | undefined
  timeoutMs: number
  maxBytes?: number
}): InferenceServer {
  const { maxBytes = mostInferred } = options
  const requester = requesterOf(options)
  let binary: Promise<boolean> | undefined
  /** What it says is shown to people: not what it was told in confidence. */
  const errorIn = (told: Told) => wordsIn(told, options.token)
  const answered = (told: Told) => new ServerFault(`It answered ${told.status}${errorIn(told)}`)
  const get = (path: string, signal: AbortSignal) =>
    requester.ask({ method: 'GET', path, maxBytes: mostTold }, signal).then(noRedirect)

  /** 2xx, unless it says otherwise in words; 4xx and 503: no. */
  async function isSo(path: string, signal: AbortSignal): Promise<boolean> {
    const told = await get(path, signal)
    if (told.status === 401 || told.status === 403) throw new ServerFault(`It does not let us in (${told.status})`)
    if ((told.status >= 400 && told.status < 500) || told.status === 503) return false
    if (told.status >= 300) throw answered(told)
    if (told.body.toString().trim() === '') return true
    const { ready, live } = objectIn(told.body)
    return ready !== false && live !== false
  }

  async function versions(name: string, signal: AbortSignal): Promise<string[]> {
    const told = await get(`/v2/models/${encodeURIComponent(name)}`, signal)
    if (told.status >= 400 && told.status < 500) return []
    if (told.status >= 300) throw answered(told)
    const { versions = [] } = objectIn(told.body)
    if (!Array.isArray(versions) || !versions.every((one) => typeof one === 'string'))
      throw new ServerFault('The versions of a model that it names are no list of texts')
    return (versions as string[]).map((version) => version.slice(0, 100)).sort(byNumber)
  }

  /** Whether it has the binary tensors extension: asked once for all who wait, and again after a fault. */
  function takesBinary(): Promise<boolean> {
    binary ??= get('/v2', new AbortController().signal).then((told) => {
      if (told.status >= 500) throw answered(told)
      const extensions = told.status < 300 ? objectIn(told.body)['extensions'] : []
      return Array.isArray(extensions) && extensions.includes('binary_tensor_data')
    })
    binary.catch(() => (binary = undefined))
    return binary
  }

  async function infer({ model, version, inputs, outputs }: Asked, signal: AbortSignal): Promise<Inferred> {
    const encoded = encodeRequest(inputs, outputs, await orAborted(takesBinary(), signal))
    const path = `${pathOf(model, version)}/infer`
    const told = noRedirect(await requester.ask({ method: 'POST', path, ...encoded, maxBytes }, signal))
    if (told.status >= 400 && told.status < 500 && !ofTheServer.has(told.status))
      throw new RequestFault(`The server refused the request (${told.status})${errorIn(told)}`)
    if (told.status >= 300) throw answered(told)
    return decodeAnswer(told, outputs)
  }

  return {
    live: (signal) => isSo('/v2/health/live', signal),
    ready: (signal) => isSo('/v2/health/ready', signal),
    modelReady: async (name, version, signal) => {
      const ready = await isSo(`${pathOf(name, version)}/ready`, signal)
      if (!ready) return { ready }
      const newest = version ?? (await versions(name, signal)).at(-1)
      return { ready, ...(newest !== undefined && { version: newest }) }
    },
    versions,
    infer: async (asked, signal) => {
      try {
        return await infer(asked, signal)
      } catch (error) {
        if (error instanceof ServerFault) binary = undefined
        throw error
      }
    },
    close: () => requester.close(),
  }
}

const pathOf = (model: string, version: string | undefined) =>
  `/v2/models/${encodeURIComponent(model)}${version === undefined ? '' : `/versions/${encodeURIComponent(version)}`}`

/** What others may go on waiting for. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

const byNumber = (one: string, other: string) => Number(one) - Number(other) || (one < other ? -1 : 1)

/** Followed nowhere: it could lead anywhere. */
function noRedirect(told: Told): Told {
  if (told.status >= 300 && told.status < 400)
    throw new ServerFault(`It answered with a redirect (${told.status}), which is not followed`)
  return told
}

/** The reason that the protocol has answers give: `{"error": "…"}`. */
function wordsIn({ body }: Told, secret = ''): string {
  try {
    const { error } = objectIn(body)
    const said = typeof error === 'string' ? error.toWellFormed() : ''
    const words = (secret === '' ? said : said.replaceAll(secret, '…')).replace(/\p{Cc}+/gu, ' ')
    return words.trim() === '' ? '' : `: ${words.trim().slice(0, 300)}`
  } catch {
    return ''
  }
}
