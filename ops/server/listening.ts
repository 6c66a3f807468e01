import type { Server } from 'node:http'

/**
 * Listens at `host:port`, or at one of the next ports where there are several tries; returns the port. Throws, in words to act on, when it is
 * taken.
 * @param variable what to set for another address
 */
export async function listenAt(server: Server, address: string, variable: string, tries = 1): Promise<number> {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  const port = Number(address.slice(colon + 1))
  for (let candidate = port; ; candidate++) {
    try {
      await listening(server, host, candidate)
      return (server.address() as { port: number }).port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      if (candidate + 1 >= port + tries)
        throw new Error(`${host}:${port} is in use: stop what listens there, or set ${variable}`, { cause: error })
    }
  }
}

const listening = (server: Server, host: string, port: number) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })

/** Lets running requests end, for ten seconds at most; idle connections go at once. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const hurry = setTimeout(() => server.closeAllConnections(), 10_000)
  await closed
  clearTimeout(hurry)
}
