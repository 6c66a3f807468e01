import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface SlowServer {
  url: string
  /** Breaks off whatever is going on there. */
  die(): Promise<void>
}

/** Speaks the Open Inference Protocol, and answers whatever model it is asked for, after so many milliseconds. */
export async function slowServer(ms: number): Promise<SlowServer> {
  const answer = JSON.stringify({ outputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }] })
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (!request.url!.endsWith('/infer')) return response.end('{"name":"slow","extensions":[]}')
      void delay(ms).then(() => response.end(answer))
    })
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const die = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, die }
}
