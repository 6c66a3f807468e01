/** A few words of HTTP: answers are JSON, and anything unexpected is said with the server's own detail. */
export interface Client {
  send<T>(
    method: string,
    path: string,
    body?: object | FormData,
    headers?: Record<string, string>,
  ): Promise<{ body: T; position: string | null; ms: number }>
  bytes(path: string): Promise<Buffer>
  authorize(headers: Record<string, string>): void
}

export function clientOf(url: string): Client {
  let authorization: Record<string, string> = {}
  async function request(method: string, path: string, body?: object | FormData, headers: Record<string, string> = {}) {
    const form = body instanceof FormData
    const response = await fetch(url + path, {
      method,
      headers: { ...authorization, ...(body && !form && { 'Content-Type': 'application/json' }), ...headers },
      ...(body && { body: form ? body : JSON.stringify(body) }),
    })
    if (response.ok) return response
    const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; errors?: unknown }
    throw new Error(
      `${method} ${path} answered ${response.status} ${problem.code ?? ''}: ${problem.detail ?? ''} ${JSON.stringify(problem.errors ?? '')}`,
    )
  }
  return {
    authorize: (headers) => (authorization = headers),
    bytes: async (path) => Buffer.from(await (await request('GET', path)).arrayBuffer()),
    send: async <T>(method: string, path: string, body?: object | FormData, headers?: Record<string, string>) => {
      const began = performance.now()
      const response = await request(method, path, body, headers)
      const answer = response.status === 204 ? undefined : await response.json()
      return { body: answer as T, position: response.headers.get('Event-Position'), ms: performance.now() - began }
    },
  }
}
