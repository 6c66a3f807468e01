import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'node:http'
import { quantile } from './measure.ts'

export interface Answer {
  status: number
  position: bigint | undefined
  body: any
}

/** Asks one server, over connections that are kept. */
export function clientOf(url: string, headers: Record<string, string> = {}) {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const ask = (method: string, path: string, body?: object, more: Record<string, string> = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const json = body && JSON.stringify(body)
      const sent = { ...headers, ...more, ...(json && { 'Content-Type': 'application/json' }) }
      const asked = request(new URL(path, url), { method, agent, headers: sent }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
        answer.on('end', () => {
          const position = answer.headers['event-position'] as string | undefined
          const text = Buffer.concat(chunks).toString()
          const parsed: unknown = text === '' ? undefined : JSON.parse(text)
          resolve({
            status: answer.statusCode!,
            position: position === undefined ? undefined : BigInt(position),
            body: parsed,
          })
        })
      })
      asked.on('error', reject)
      asked.end(json)
    })
  return { ask, headers, with: (more: Record<string, string>) => clientOf(url, { ...headers, ...more }) }
}

export type Client = ReturnType<typeof clientOf>

/** As the first admin. */
export async function loggedIn(ready: { url: string; email: string; password: string }): Promise<Client> {
  const { email, password, url } = ready
  const { body, status } = await clientOf(url).ask('POST', '/api/auth/login', { email, password })
  if (status !== 200) throw new Error(`The login was answered with ${status}`)
  return clientOf(url, { Authorization: `Bearer ${body.access_token}` })
}

export interface Load {
  failed: number
  /** Status → how many; 0 where there was no answer. */
  faults: Record<number, number>
  p50: number
  p99: number
}

/** Begins so many acts a second, each when its time has come and whatever has become of those before, until `over` says so. */
export async function paced<Result>(
  perSecond: number,
  over: (begun: number) => boolean,
  act: (n: number, due: number) => Promise<Result>,
): Promise<Result[]> {
  const start = performance.now()
  const begun: Promise<Result>[] = []
  for (let n = 0; !over(n); n++) {
    const due = start + (n * 1000) / perSecond
    const early = due - performance.now()
    if (early > 0) await delay(early)
    begun.push(act(n, due))
  }
  return Promise.all(begun)
}

/**
 * So many requests a second, each begun when its time has come and whatever has become of those before; from their time to their answers, in
 * ms. Until `over` says so.
 */
export async function openLoop(
  perSecond: number,
  over: (begun: number) => boolean,
  act: (n: number) => Promise<{ status: number }>,
): Promise<Load> {
  const latencies: number[] = []
  const faults: Record<number, number> = {}
  await paced(perSecond, over, async (n, due) => {
    const status = await act(n).then(
      (answer) => answer.status,
      () => 0,
    )
    latencies.push(performance.now() - due)
    if (status === 0 || status >= 400) faults[status] = (faults[status] ?? 0) + 1
  })
  const failed = Object.values(faults).reduce((sum, count) => sum + count, 0)
  return { failed, faults, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }
}
