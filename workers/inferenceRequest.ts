import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { AddressRefused, allowedHost, guardedLookup, serverUrl } from '../ops/platform/serverAddress.ts'
import { traceHeaders } from '../ops/platform/tracing.ts'
import { ServerFault } from './inferenceFaults.ts'

export interface Asked {
  method: 'GET' | 'POST'
  /** Below the server's URL, like `/v2/health/live`. */
  path: string
  headers?: Record<string, string>
  body?: Buffer
  /** A longer answer is a fault. */
  maxBytes: number
}

export interface Told {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface Requester {
  /**
   * One request and the whole of its answer, whatever its status: within the time limit, in full, not too long, not compressed. Redirects are answers
   * like any other. Throws ServerFault, or the signal's reason.
   */
  ask(asked: Asked, signal: AbortSignal): Promise<Told>
  /** Ends the connections that are kept open. */
  close(): void
}

const keptOpen = { keepAlive: true, maxFreeSockets: 16, keepAliveMsecs: 10_000 }

/**
 * Keeps connections to one server.
 * @param timeoutMs from the request to the last byte of the answer, however much trickles in meanwhile
 */
export function requesterOf({
  url,
  token,
  timeoutMs,
}: {
  url: string
  token?: string | undefined
  timeoutMs: number
}): Requester {
  const base = new URL(url)
  const { request, agent } =
    base.protocol === 'https:'
      ? { request: https.request, agent: new https.Agent(keptOpen) }
      : { request: http.request, agent: new http.Agent(keptOpen) }
  const always = {
    accept: 'application/json, application/octet-stream',
    'accept-encoding': 'identity',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }

  function once({ method, path, headers, body, maxBytes }: Asked, signal: AbortSignal): Promise<Told> {
    return new Promise((resolve, reject) => {
      allowedHost(new URL(serverUrl(url)))
      const length = body && { 'content-length': String(body.length) }
      const sent = request(`${base.href.replace(/\/+$/, '')}${path}`, {
        method,
        agent,
        headers: { ...always, ...traceHeaders(), ...headers, ...length },
        lookup: guardedLookup as never,
      })
      let [isOver, hasBegun] = [false, false]
      const end = (settle: () => void) => {
        if (isOver) return
        isOver = true
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        settle()
      }
      const fail = (error: unknown) =>
        end(() => {
          reject(error as Error)
          sent.destroy()
        })
      const onAbort = () => fail(signal.reason)
      const timer = setTimeout(
        () => fail(new ServerFault(`It did not answer in full within ${timeoutMs / 1000} s`)),
        timeoutMs,
      )
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) onAbort()
      sent.on('error', (error: NodeJS.ErrnoException) =>
        fail(sent.reusedSocket && !hasBegun && error.code === 'ECONNRESET' ? new Stale() : faultOf(error)),
      )
      sent.on('response', (answer) => {
        hasBegun = true
        collect(answer, maxBytes).then((told) => end(() => resolve(told)), fail)
      })
      sent.end(body)
    })
  }

  return {
    ask: async (asked, signal) => {
      for (;;)
        try {
          return await once(asked, signal)
        } catch (error) {
          // The server had closed a connection that was kept open; what is asked may be asked twice.
          if (!(error instanceof Stale)) throw error
        }
    },
    close: () => agent.destroy(),
  }
}

class Stale extends Error {}

function collect(answer: IncomingMessage, maxBytes: number): Promise<Told> {
  return new Promise((resolve, reject) => {
    const tooLong = () => new ServerFault(`Its answer is longer than ${maxBytes} bytes`)
    const encoding = answer.headers['content-encoding'] ?? 'identity'
    if (encoding !== 'identity') return reject(new ServerFault('Its answer is compressed, which was not asked for'))
    if (Number(answer.headers['content-length'] ?? 0) > maxBytes) return reject(tooLong())
    const parts: Buffer[] = []
    let size = 0
    answer.on('data', (part: Buffer) => {
      size += part.length
      if (size > maxBytes) return reject(tooLong())
      parts.push(part)
    })
    answer.on('error', () => reject(new ServerFault('Its answer broke off')))
    answer.on('close', () => {
      if (!answer.complete) return reject(new ServerFault('Its answer broke off'))
      resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(parts, size) })
    })
  })
}

const said: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there',
  ECONNRESET: 'It broke the connection off',
  EPIPE: 'It broke the connection off',
  ENOTFOUND: 'Its name is not known',
  EAI_AGAIN: 'Its name cannot be looked up',
  EHOSTUNREACH: 'It cannot be reached',
  ENETUNREACH: 'It cannot be reached',
  ETIMEDOUT: 'It cannot be reached',
  CERT_HAS_EXPIRED: 'Its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Its certificate is signed by nobody we trust',
  SELF_SIGNED_CERT_IN_CHAIN: 'Its certificate is signed by nobody we trust',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'Its certificate is signed by nobody we trust',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'Its certificate is signed by nobody we trust',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is for another name',
  EPROTO: 'It does not speak TLS',
  HPE_HEADER_OVERFLOW: 'Its answer has too many headers',
}

/** Without the words of the error itself: there may be a port in them, which is another one each time. */
function faultOf(error: NodeJS.ErrnoException & { errors?: { code?: string }[] }): ServerFault {
  if (error instanceof ServerFault) return error
  if (error instanceof AddressRefused) return new ServerFault(error.message)
  const code = error.code ?? error.errors?.[0]?.code ?? ''
  const words = said[code] ?? (code.startsWith('HPE_') ? 'What it answered is no HTTP' : 'It could not be asked')
  return new ServerFault(code === '' ? words : `${words} (${code})`, { cause: error })
}
