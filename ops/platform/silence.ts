import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'

export type Transport = Pick<typeof http, 'request'>

/** Nothing came for so long from a server that was waited for; `code` says so as the system would. */
export class Silent extends Error {
  override readonly name = 'Silent'
  readonly code = 'ETIMEDOUT'
}

/**
 * HTTP or HTTPS requests that end with `onSilence()` when their connection has stood still for so long: while it is made, while what is asked
 * is sent or answered, and in the midst of an answer. However slow, what moves goes on; and bytes that are here and that nobody has
 * taken yet are no silence of the server.
 */
export function impatient(
  protocol: string,
  { silenceMs, onSilence }: { silenceMs: number; onSilence: () => Silent },
): Transport {
  const { request } = protocol === 'https:' ? https : http
  // Looked at twice: a process that has stood still itself has yet to hear what came meanwhile.
  const timeout = silenceMs / 2
  return {
    request: (options: http.RequestOptions, onResponse?: (response: http.IncomingMessage) => void) => {
      let response: http.IncomingMessage | undefined
      const asked = request({ ...options, timeout }, (answer) => {
        response = answer
        onResponse?.(answer)
      })
      const watch = (socket: Socket) => {
        let seen: number | undefined
        const look = () => {
          const left = response?.readableLength ?? 0
          const moved = socket.bytesRead + socket.bytesWritten - left
          if (left === 0 && moved === seen) return void (response ?? asked).destroy(onSilence())
          seen = moved
          socket.setTimeout(timeout)
        }
        socket.on('timeout', look)
        asked.once('close', () => socket.off('timeout', look))
      }
      return asked.on('socket', watch)
    },
  } as Transport
}
