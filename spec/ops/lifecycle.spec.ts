import { expect } from 'chai'
import { pino } from 'pino'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'

interface Line {
  level: number
  msg: string
  name?: string
  reason?: string
  error?: { message: string }
}

/** A lifecycle that writes what it logs and closes into lists. */
function started({ deadlineMs = 1000 } = {}) {
  const lines: Line[] = []
  const closed: string[] = []
  const log = pino(
    { base: null, serializers: { error: pino.stdSerializers.err } },
    { write: (line) => lines.push(JSON.parse(line) as Line) },
  )
  const lifecycle = createLifecycle({ log, deadlineMs })
  const open = (name: string, close: () => unknown = () => undefined) =>
    lifecycle.onStop(name, () => {
      closed.push(name)
      return close()
    })
  return { lifecycle, lines, closed, open }
}

describe('a stop', () => {
  it('closes what was opened last first, one after the other', async () => {
    const { lifecycle, closed, open } = started()
    open('database', () => Promise.resolve().then(() => closed.push('database is closed')))
    open('bus', () => new Promise<void>((resolve) => setImmediate(() => (closed.push('bus is closed'), resolve()))))
    open('http')
    await lifecycle.stop('SIGTERM')
    expect(closed).to.deep.equal(['http', 'bus', 'bus is closed', 'database', 'database is closed'])
  })

  it('begins by telling everyone to take no new work', async () => {
    const { lifecycle, open } = started()
    let aborted: boolean | undefined
    open('workers', () => (aborted = lifecycle.stopping.aborted))
    expect(lifecycle.stopping.aborted).to.equal(false)
    await lifecycle.stop('SIGTERM')
    expect(aborted).to.equal(true)
  })

  it('happens once, however often it is asked for', async () => {
    const { lifecycle, lines, closed, open } = started()
    open('database')
    const first = lifecycle.stop('SIGTERM')
    expect(lifecycle.stop('SIGINT')).to.equal(first)
    await first
    await lifecycle.stop('unhandled failure')
    expect(closed).to.deep.equal(['database'])
    expect(lines.filter(({ msg }) => msg === 'stopping').map(({ reason }) => reason)).to.deep.equal(['SIGTERM'])
  })

  for (const [how, close] of Object.entries({
    throws: () => {
      throw new Error('broken')
    },
    rejects: () => Promise.reject(new Error('broken')),
  }))
    it(`goes on when something ${how}, and says what`, async () => {
      const { lifecycle, lines, closed, open } = started()
      open('database')
      open('bus', close)
      await lifecycle.stop('SIGTERM')
      expect(closed).to.deep.equal(['bus', 'database'])
      const [failed] = lines.filter(({ level }) => level >= 50)
      expect(failed).to.deep.include({ msg: 'did not stop cleanly', name: 'bus' })
      expect(failed!.error).to.include({ message: 'broken' })
      expect(lines.at(-1)).to.include({ msg: 'stopped' })
    })

  it('waits for nobody beyond the deadline, and still closes the rest', async () => {
    const { lifecycle, lines, closed, open } = started({ deadlineMs: 20 })
    open('database')
    open('workers', () => new Promise(() => undefined))
    const begun = performance.now()
    await lifecycle.stop('SIGTERM')
    expect(closed).to.deep.equal(['workers', 'database'])
    expect(lines.find(({ name }) => name === 'workers')?.error).to.include({ message: 'took too long' })
    expect(performance.now() - begun).to.be.below(1000)
  })

  it('closes also what is opened while it stops', async () => {
    const { lifecycle, closed, open } = started()
    open('http', () => open('late'))
    await lifecycle.stop('SIGTERM')
    expect(closed).to.deep.equal(['http', 'late'])
  })

  it('of nothing is fine', async () => {
    const { lifecycle, lines } = started()
    await lifecycle.stop('start failed')
    expect(lines.map(({ msg }) => msg)).to.deep.equal(['stopping', 'stopped'])
  })
})
