import { once } from 'node:events'
import { connect } from 'node:net'

export interface Downloaded {
  megabytesPerSecond: number
  /** Answered otherwise than with 200. */
  refused: number
}

const readBytes = 64 * 1024

/**
 * Downloads over so many connections at once, each one after the other, until the time is over or so many were begun; by sockets, into one
 * buffer each: a client that costs little.
 * @param bytesPerSecond of each connection at most; absent: as fast as they come
 */
export async function downloadOver(
  url: string,
  {
    connections,
    bytesPerSecond,
    ...limit
  }: { connections: number; bytesPerSecond?: number } & ({ ms: number } | { calls: number }),
  request: (n: number) => Buffer,
): Promise<Downloaded> {
  const { hostname, port } = new URL(url)
  let [begun, received, refused] = [0, 0, 0]
  const start = performance.now()
  const isOver = () => ('ms' in limit ? performance.now() - start >= limit.ms : begun >= limit.calls)
  const one = async () => {
    // Of the answer that is being read; the next chunk begins one where there is nothing left.
    let left = 0
    const take = (length: number, buffer: Uint8Array): boolean => {
      received += length
      if (left === 0) left = lengthOf(Buffer.from(buffer.buffer, buffer.byteOffset, length))
      left -= length
      if (Number.isNaN(left)) refused++
      if (Number.isNaN(left) || (isOver() && ('ms' in limit || left === 0))) socket.destroy()
      else if (left === 0) ask()
      if (bytesPerSecond === undefined) return true
      setTimeout(() => socket.resume(), (length / bytesPerSecond) * 1000)
      return false
    }
    const onread = { buffer: Buffer.alloc(readBytes), callback: take }
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread })
    const ask = () => socket.write(request(begun++))
    await once(socket, 'connect')
    ask()
    await once(socket, 'close')
  }
  await Promise.all(Array.from({ length: connections }, one))
  return { megabytesPerSecond: received / 1e3 / (performance.now() - start), refused }
}

/** Of an answer, head and body; NaN where it is not what was asked for. */
function lengthOf(chunk: Buffer): number {
  const headEnd = chunk.indexOf('\r\n\r\n')
  const head = chunk.toString('latin1', 0, headEnd)
  return head.startsWith('HTTP/1.1 200') ? headEnd + 4 + Number(/^content-length: (\d+)/im.exec(head)?.[1]) : NaN
}
