import http from 'node:http'
import https from 'node:https'

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
  return {
    request: (options: http.RequestOptions, onResponse?: (response: http.IncomingMessage) => void) => {
      let response: http.IncomingMessage | undefined
      const asked = request({ ...options, timeout: silenceMs }, (answer) => {
        response = answer
        onResponse?.(answer)
      })
      asked.on('socket', (socket) => {
        const onTimeout = () => {
          if (response && response.readableLength > 0) return void socket.setTimeout(silenceMs)
          ;(response ?? asked).destroy(onSilence())
        }
        socket.on('timeout', onTimeout)
        asked.once('close', () => socket.off('timeout', onTimeout))
      })
      return asked
    },
  } as Transport
}
