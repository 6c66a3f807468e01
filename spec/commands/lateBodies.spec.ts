import { connect, type Socket } from 'node:net'
import { expect } from 'chai'
import { apiOf, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

describe('a body that comes long after its head', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  const sockets: Socket[] = []
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
  })
  beforeEach(async () => {
    facility = await newFacility(system)
  })
  afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()))

  /** Sends the head of a request, and waits until it is at work; `finish` sends the body and tells the status. */
  async function begun(path: string, headers: Record<string, string>, body: Buffer) {
    const { hostname, port } = new URL(system.url)
    const socket = connect(Number(port), hostname)
    sockets.push(socket)
    let told = ''
    socket.on('data', (chunk: Buffer) => (told += chunk.toString()))
    const all = { Host: hostname, Expect: '100-continue', 'Content-Length': String(body.length), ...headers }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
    await eventually(() => expect(told).to.match(/^HTTP\/1.1 100 /))
    return {
      finish: async () => {
        told = ''
        socket.write(body)
        return eventually(() => Number(/HTTP\/1.1 (\d{3}) /.exec(told)![1]))
      },
    }
  }

  const person = () => {
    const email = `${unique('late')}@example.test`
    const body = { email, name: 'Late', role: 'facility_admin', password: 'back door back door' }
    return Buffer.from(JSON.stringify(body))
  }
  const form = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'),
    sound('wav', { seconds: 0.2 }),
    Buffer.from('\r\n--b--\r\n'),
  ])
  const asForm = { 'Content-Type': 'multipart/form-data; boundary=b' }
  const session = async () => {
    const { email, password } = facility.facilityAdmin
    const { body } = await apiOf(system.url).post('/api/auth/login', { email, password })
    return { Authorization: `Bearer ${body.access_token}` }
  }

  it('does what it says as long as its sender is let in', async () => {
    const bearer = await session()
    expect(await (await begun('/api/v1/users', bearer, person())).finish()).to.equal(201)
    expect(await (await begun('/api/v1/uploads', { ...bearer, ...asForm }, form)).finish()).to.equal(201)
  })

  it('is let come when it was refused, and not without end', async () => {
    const { hostname, port } = new URL(system.url)
    const socket = connect(Number(port), hostname)
    sockets.push(socket)
    let [told, isOver, sent] = ['', false, 0]
    socket.on('data', (chunk: Buffer) => (told += chunk.toString()))
    socket
      .on('end', () => (isOver = true))
      .on('close', () => (isOver = true))
      .on('error', () => undefined)
    const piece = Buffer.alloc(64 * 1024)
    socket.write(`POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Length: ${10 ** 9}\r\n\r\n`)
    const send = () => {
      for (let flows = true; flows && !isOver; sent += piece.length) flows = socket.write(piece)
    }
    socket.on('drain', send)
    send()
    await eventually(() => expect(isOver).to.equal(true), 3000)
    expect(told).to.match(/^HTTP\/1.1 401 /)
    // With what the kernel keeps for a socket, on both sides.
    expect(sent).to.be.lessThan(32 * 1024 * 1024)
  })

  it('does nothing once the session has ended: neither JSON nor a recording', async () => {
    const bearer = await session()
    const late = [
      await begun('/api/v1/users', bearer, person()),
      await begun('/api/v1/uploads', { ...bearer, ...asForm }, form),
    ]
    await system.admin.post(`/api/v1/users/${facility.facilityAdmin.id}/end-sessions`)
    await eventually(async () =>
      expectProblem(await apiOf(system.url, bearer).get('/api/auth/me'), 401, 'session_ended'),
    )
    const found = await appendedDuring(system.store, async () => {
      for (const { finish } of late) expect(await finish()).to.equal(401)
    })
    expect(found).to.deep.equal([])
  })

  it('does nothing once the key was revoked', async () => {
    const late = await begun('/api/v1/uploads', { 'X-API-Key': facility.key.api_key, ...asForm }, form)
    await system.admin.delete(`/api/v1/api-keys/${facility.key.id}`)
    await eventually(async () => expectProblem(await facility.sensor.get('/api/v1/devices'), 401, 'unauthenticated'))
    const found = await appendedDuring(system.store, async () => {
      expect(await late.finish()).to.equal(401)
    })
    expect(found).to.deep.equal([])
  })
})
