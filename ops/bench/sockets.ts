import { once } from 'node:events'
import { connect } from 'node:net'
import { quantile } from './measure.ts'

export interface Asked {
  perSecond: number
  p50: number
  p99: number
  /** Answered otherwise than was expected. */
  refused: number
}

/** The bytes of a request, with this JSON where there is a body. */
export function requestBytes(
  url: string,
  [method, path]: readonly [method: string, path: string],
  headers: Record<string, string>,
  body?: object,
): Buffer {
  const json = body ? JSON.stringify(body) : ''
  const all = {
    Host: new URL(url).host,
    ...(body && { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(json)) }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${json}`)
}

/** What ends an answer of this status: its head, or JSON. */
const endOf: Readonly<Record<string, string>> = { 200: '}', 204: '\r\n\r\n', 304: '\r\n\r\n' }

/**
 * Asks over so many connections, each one request after the other, all of them to be answered with one of these statuses and in one piece. By
 * sockets and not by a client of HTTP: that would cost as much as the server.
 */
export async function askOver(
  url: string,
  {
    connections,
    statuses,
    ...limit
  }: { connections: number; statuses: readonly (200 | 204 | 304)[] } & ({ ms: number } | { calls: number }),
  request: (n: number) => Buffer,
): Promise<Asked> {
  const { hostname, port } = new URL(url)
  const expected = new Map(statuses.map((status) => [`HTTP/1.1 ${status}`, Buffer.from(endOf[status]!)]))
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
      const end = expected.get(chunk.toString('latin1', 0, 12))
      const isAnswered = end !== undefined && chunk.subarray(-end.length).equals(end)
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
