import { expect } from 'chai'
import * as GpuServer from '../../domain/gpuServer.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { followServers, type Held, type ServerFleet } from '../../workers/inferenceServers.ts'
import { eventually } from '../eventually.ts'
import { now, ownLog, serversIn } from '../gpuServers.ts'
import { inferenceServer } from '../inferenceServer.ts'
import { specLog, unique } from '../system.ts'

const never = new AbortController().signal
const nowhere = 'http://127.0.0.1:9'

describe('a fleet of inference servers', function () {
  this.timeout(30_000)
  let store: EventStore
  let close: () => Promise<void>
  let servers: ReturnType<typeof serversIn>
  let fleet: ServerFleet
  const stop = new AbortController()
  const faults: string[] = []
  /** Of its own for each spec: nobody else has it. */
  let model: string

  before(async () => {
    ;({ store, close } = await ownLog())
    servers = serversIn(store)
    const ejectedMs = { first: 100, most: 400 }
    const onFault = (id: string) => void faults.push(id)
    fleet = followServers({ store, log: specLog, now, signal: stop.signal, timeoutMs: 2000, ejectedMs, onFault })
    await fleet.ready
  })
  after(async () => {
    stop.abort()
    await fleet.done
    await close()
  })
  beforeEach(() => (model = unique('model')))

  const seen = (id: string, models: readonly GpuServer.ReadyModel[] = [{ name: model }], url = nowhere) =>
    servers.decide(id, GpuServer.observe({ found: { health: 'up', models }, url, at: now() }))
  const lost = (id: string) =>
    servers.decide(id, GpuServer.observe({ found: { health: 'down', reason: 'gone' }, url: nowhere, at: now() }))
  async function up(max_concurrency = 4, models?: readonly GpuServer.ReadyModel[]): Promise<string> {
    const id = await servers.register(nowhere, { max_concurrency })
    await seen(id, models)
    await heard(id)
    return id
  }
  /** Whatever was stored by now is known to the fleet. */
  async function heard(id: string) {
    const marker = unique('marker')
    const other = await servers.register(nowhere)
    await seen(other, [{ name: marker }])
    await eventually(() => expect(fleet.anyFor(marker), id).to.equal(true))
  }
  const pick = (more: { version?: string; avoid?: string[] } = {}) => fleet.pick({ model, avoid: [], ...more })
  const picked = (more?: Parameters<typeof pick>[0]): Held => {
    const held = pick(more)
    expect(held).not.to.equal(undefined)
    return held!
  }

  it('gives the least loaded server that has the model ready', async () => {
    const [small, large] = [await up(2), await up(4)]
    const ids = Array.from({ length: 6 }, () => picked().id)
    expect(ids.filter((id) => id === small)).to.have.length(2)
    expect(ids.filter((id) => id === large)).to.have.length(4)
    expect(ids.slice(0, 3), 'by the share of their slots').to.have.members([small, large, large])
    expect(pick(), 'all slots are taken').to.equal(undefined)
  })

  it('takes turns among those that are equally loaded', async () => {
    const ids = [await up(), await up(), await up()]
    const turns = Array.from({ length: 6 }, () => {
      const held = picked()
      held.release('ok')
      return held.id
    })
    expect(turns.slice(0, 3)).to.have.members(ids)
    expect(turns.slice(3)).to.deep.equal(turns.slice(0, 3))
  })

  it('gives none that is down, disabled, removed or unknown, and finishes what runs there', async () => {
    const id = await up()
    const held = picked()
    const enabled = [
      [GpuServer.disable({ disabled_at: now() }), GpuServer.enable({ enabled_at: now() })],
      [GpuServer.change({ url: 'http://127.0.0.1:8', changed_at: now() }), undefined],
    ] as const
    for (const [away, back] of enabled) {
      await servers.decide(id, away)
      await heard(id)
      expect([pick(), fleet.anyFor(model)]).to.deep.equal([undefined, false])
      if (back) await servers.decide(id, back)
      await heard(id)
      expect(pick() !== undefined).to.equal(back !== undefined)
    }
    held.release('ok')
    const other = await up()
    await lost(other)
    await heard(other)
    expect([pick(), fleet.anyFor(model)]).to.deep.equal([undefined, false])
    await seen(other)
    await heard(other)
    expect([picked().id, fleet.anyFor(model)]).to.deep.equal([other, true])
    await servers.decide(other, GpuServer.remove({ removed_at: now() }))
    await heard(other)
    expect([pick(), fleet.anyFor(model)]).to.deep.equal([undefined, false])
  })

  it('gives a server that has the version, and the newest where any will do', async () => {
    const versions = (...all: string[]) => all.map((version) => ({ name: model, version }))
    const [old, both] = [await up(4, versions('1')), await up(4, versions('10', '2'))]
    expect(pick({ version: '3' })).to.equal(undefined)
    expect([fleet.anyFor(model, '3'), fleet.anyFor(model, '1')]).to.deep.equal([false, true])
    expect(picked({ version: '1' })).to.include({ id: old, version: '1' })
    expect(picked({ version: '2' })).to.include({ id: both, version: '2' })
    const any = [picked(), picked()].map(({ id, version }) => ({ id, version }))
    expect(any).to.deep.include.members([{ id: old, version: '1' }])
    expect(picked({ avoid: [old] })).to.include({ id: both, version: '10' })
    const silent = await up(4)
    expect(picked({ version: '3' })).to.include({ id: silent, version: '3' })
  })

  it('avoids a server as long as another has the model, were it busy', async () => {
    const [bad, good] = [await up(), await up(1)]
    const held = picked({ avoid: [bad] })
    expect(held.id).to.equal(good)
    expect(pick({ avoid: [bad] }), 'it is worth waiting for').to.equal(undefined)
    expect(picked({ avoid: [bad, good] }).id, 'there is no other').to.equal(bad)
    await lost(good)
    await heard(good)
    expect(picked({ avoid: [bad] }).id).to.equal(bad)
  })

  it('tells who waits when a slot becomes free, a server comes, or they give up', async () => {
    const id = await up(1)
    const held = picked()
    let isTold = false
    const told = fleet.changed(never).then(() => (isTold = true))
    await Promise.resolve()
    expect(isTold).to.equal(false)
    held.release('ok')
    await told
    picked()
    const waiting = fleet.changed(never)
    await seen(id, [{ name: model }, { name: `${model}-2` }])
    await waiting
    const gaveUp = new AbortController()
    const over = fleet.changed(gaveUp.signal)
    gaveUp.abort()
    await over
    await fleet.changed(gaveUp.signal)
  })

  describe('leaves a server alone that has failed', () => {
    /** Resolves with how long it took, in milliseconds. */
    async function untilPicked(): Promise<{ held: Held; ms: number }> {
      const began = performance.now()
      for (;;) {
        const held = pick()
        if (held) return { held, ms: performance.now() - began }
        await fleet.changed(never)
      }
    }

    it('for a while that grows, then tries it with one request at a time until one has gone well', async () => {
      const id = await up(4)
      picked().release('fault')
      expect(faults.at(-1)).to.equal(id)
      expect([pick(), fleet.anyFor(model)], 'it is healthy yet').to.deep.equal([undefined, true])
      const waits: number[] = []
      for (let i = 0; i < 5; i++) {
        const { held, ms } = await untilPicked()
        waits.push(ms)
        expect(pick(), 'one at a time').to.equal(undefined)
        held.release('fault')
      }
      for (const [i, least] of [100, 200, 400, 400, 400].entries())
        expect(waits[i], String(waits)).to.be.at.least(least - 5)
      expect(waits[4], 'doubled no more').to.be.below(1400)
      const { held } = await untilPicked()
      held.release('ok')
      expect(Array.from({ length: 5 }, () => pick()?.id)).to.deep.equal([id, id, id, id, undefined])
      await lost(id)
    })

    it('as long as before where it was not asked after all', async () => {
      await up()
      picked().release('fault')
      await eventually(() => picked().release('unused'))
      const half = picked()
      expect(pick(), 'still tried with one request at a time').to.equal(undefined)
      half.release('ok')
      const [one, other] = [picked(), picked()]
      for (const held of [one, other]) held.release('ok')
    })

    it('and gives others meanwhile, also those to be avoided', async () => {
      const [bad, other] = [await up(), await up()]
      for (let held = picked(); ; held = picked()) {
        held.release(held.id === bad ? 'fault' : 'ok')
        if (held.id === bad) break
      }
      expect([picked().id, picked().id]).to.deep.equal([other, other])
      expect(picked({ avoid: [other] }).id).to.equal(other)
    })

    it('once, however many requests it fails at a time', async () => {
      // A busy machine makes a wait longer, never shorter: the shortest of a few tells.
      const waits: number[] = []
      for (let i = 0; i < 3; i++) {
        model = unique('model')
        await up(4)
        const held = Array.from({ length: 4 }, () => picked())
        for (const one of held.slice(0, 3)) one.release('fault')
        held[3]!.release('ok')
        waits.push((await untilPicked()).ms)
        expect(pick(), 'what had begun before says nothing of now').to.equal(undefined)
      }
      expect(Math.min(...waits), 'as after one fault').to.be.within(90, 395)
    })

    it('no longer than until somebody sees that it is up again, or it moves', async () => {
      const id = await up(4)
      picked().release('fault')
      await lost(id)
      await seen(id)
      await heard(id)
      picked().release('fault')
      expect(pick()).to.equal(undefined)
      const url = 'http://127.0.0.1:8'
      await servers.decide(id, GpuServer.change({ url, changed_at: now() }))
      await seen(id, undefined, url)
      await heard(id)
      expect([pick()?.id, pick()?.id]).to.deep.equal([id, id])
    })
  })

  it('counts a slot once, however often it is released', async () => {
    await up(1)
    const held = picked()
    held.release('ok')
    held.release('ok')
    picked()
    expect(pick()).to.equal(undefined)
  })

  it('speaks to the server it gives, and stays with it when it moves', async () => {
    const [here, there] = [await inferenceServer({ token: 'sesame' }), await inferenceServer()]
    try {
      const id = await servers.register(here.url, { token: 'sesame' })
      await seen(id, undefined, here.url)
      await heard(id)
      const held = picked()
      expect(await held.server.ready(never)).to.equal(true)
      await servers.decide(id, GpuServer.change({ url: there.url, sealed_token: '', changed_at: now() }))
      await seen(id, undefined, there.url)
      await heard(id)
      const next = picked()
      expect(await Promise.all([held.server.live(never), next.server.live(never)])).to.deep.equal([true, true])
      expect([here.asked.length, there.asked.length]).to.deep.equal([2, 1])
      held.release('ok')
      next.release('ok')
      // The server itself would close what is not used after five seconds.
      await eventually(() => expect(here.connections(), 'of where it was').to.equal(0), 1000)
      expect(there.connections()).to.equal(1)
    } finally {
      await Promise.all([here.close(), there.close()])
    }
  })
})
