import { once } from 'node:events'
import { connect } from 'node:net'
import { quantile } from '../measure.ts'

export interface Posted {
  perSecond: number
  p50: number
  p99: number
  /** Answered otherwise than with 204. */
  refused: number
}

const headEnd = Buffer.from('\r\n\r\n')

/** The bytes of a POST of this JSON. */
export function requestBytes(url: string, path: string, headers: Record<string, string>, body: object): Buffer {
  const json = JSON.stringify(body)
  const all = {
    Host: new URL(url).host,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(json)),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${json}`)
}

/**
 * Posts over so many connections, each one request after the other, which are answered with 204 and no body. By sockets and not by a client
 * of HTTP: that would cost as much as the server.
 */
export async function post(
  url: string,
  { connections, ...limit }: { connections: number } & ({ ms: number } | { calls: number }),
  request: (n: number) => Buffer,
): Promise<Posted> {
  const { hostname, port } = new URL(url)
  const latencies: number[] = []
  let [sent, refused] = [0, 0]
  const start = performance.now()
  const over = 'ms' in limit ? () => performance.now() - start >= limit.ms : () => sent >= limit.calls
  const one = async () => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    await once(socket, 'connect')
    let began = 0
    const next = () => {
      began = performance.now()
      socket.write(request(sent++))
    }
    socket.on('data', (chunk: Buffer) => {
      // So short an answer comes in one piece; another kind of answer is counted, and ends the connection.
      latencies.push(performance.now() - began)
      const isAnswered = chunk.toString('latin1', 0, 12) === 'HTTP/1.1 204' && chunk.subarray(-4).equals(headEnd)
      if (!isAnswered) refused++
      if (isAnswered && !over()) next()
      else socket.destroy()
    })
    next()
    await once(socket, 'close')
  }
  await Promise.all(Array.from({ length: connections }, one))
  const perSecond = (latencies.length / (performance.now() - start)) * 1000
  return { perSecond, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), refused }
}
