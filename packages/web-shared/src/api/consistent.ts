type Send = (request: Request) => Promise<Response>

/** After so long a read model has passed a position, or cannot. */
const rememberedMs = 30_000

/**
 * What was written is there when it is read next: remembers the `Event-Position` of every change, and has what is asked for after it wait for that. A
 * POST that is sent again by the browser or a proxy is done once.
 */
export function consistently(send: Send, now: () => number = Date.now): Send {
  let written: { position: bigint; at: number } | undefined
  return async (request) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const headers = new Headers(request.headers)
    if (isRead && written && now() - written.at < rememberedMs) headers.set('Read-After', String(written.position))
    if (request.method === 'POST' && !headers.has('Idempotency-Key')) headers.set('Idempotency-Key', randomId())
    const response = await send(new Request(request, { headers }))
    const position = response.headers.get('Event-Position')
    if (!isRead && position && BigInt(position) >= (written?.position ?? 0n))
      written = { position: BigInt(position), at: now() }
    return response
  }
}

/** `crypto.randomUUID` is there on secure origins alone, and a laptop's address in the plant's network is none. */
const randomId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join('-')
