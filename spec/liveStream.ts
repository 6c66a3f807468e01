import { setTimeout as delay } from 'node:timers/promises'

export interface Told {
  event: string
  id?: string
  data: any
  /** When it came, by the clock of this process (ms). */
  at: number
}

/** A stream of server-sent events, as a browser's fetch reads it. */
export interface LiveStream {
  status: number
  told: Told[]
  comments: () => number
  /** Resolves when the server ends it, or breaks it off. */
  ended: Promise<void>
  /** The first event for which this holds, once it is there. */
  until(isIt: (told: Told) => boolean, withinMs?: number): Promise<Told>
  close(): void
}

export async function listen(
  url: string,
  authorization: string,
  headers: Record<string, string> = {},
): Promise<LiveStream> {
  const controller = new AbortController()
  const response = await fetch(`${url}/api/v1/live`, {
    headers: { Authorization: authorization, ...headers },
    signal: controller.signal,
  })
  const told: Told[] = []
  let comments = 0
  let rest = ''
  async function read() {
    const decoder = new TextDecoder()
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) take(block)
    }
  }
  function take(block: string) {
    if (block.startsWith(':')) return void comments++
    const fields = new Map(
      block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    )
    const id = fields.get('id')
    told.push({
      event: fields.get('event')!,
      ...(id !== undefined && { id }),
      data: JSON.parse(fields.get('data')!),
      at: performance.now(),
    })
  }
  const ended = read().catch(() => undefined)
  return {
    status: response.status,
    told,
    comments: () => comments,
    ended,
    until: async (isIt, withinMs = 10_000) => {
      for (const deadline = Date.now() + withinMs; ; await delay(2)) {
        const found = told.find(isIt)
        if (found) return found
        if (Date.now() > deadline) throw new Error(`not told within ${withinMs} ms: ${JSON.stringify(told.slice(-5))}`)
      }
    },
    close: () => controller.abort(),
  }
}
