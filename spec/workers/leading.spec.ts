import { expect } from 'chai'
import { connectLocks } from '../../ops/platform/locks.ts'
import { runAsLeader } from '../../workers/leading.ts'
import { eventually } from '../eventually.ts'
import { specLog, type System, theSystem, unique } from '../system.ts'

describe('what one of all instances does', () => {
  let system: System
  let lock: string
  let instances: { stop: () => Promise<void> }[] = []
  let atOnce = 0
  let most = 0
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
  })
  beforeEach(() => {
    lock = unique('task')
    most = 0
  })
  afterEach(async () => {
    await Promise.all(instances.map(({ stop }) => stop()))
    instances = []
  })

  /** One with a connection of its own, which acts for a moment at a time, or as long as it leads. */
  function instance(actsFor: 'a moment' | 'as long as it leads' = 'a moment') {
    const stop = new AbortController()
    const { signal } = stop
    const locks = connectLocks({ databaseUrl: system.config.DATABASE_URL, log: specLog, signal })
    const seen = { acts: 0, tries: 0 }
    const tryTake: typeof locks.tryTake = (...asked) => (seen.tries++, locks.tryTake(...asked))
    const leading = { locks: { ...locks, tryTake }, lock, everyMs: 5, standbyMs: 20, log: specLog, signal }
    const running = runAsLeader(leading, async (until) => {
      seen.acts++
      most = Math.max(most, ++atOnce)
      await new Promise((resolve) => {
        if (actsFor === 'a moment') setImmediate(resolve)
        else until.addEventListener('abort', resolve, { once: true })
      })
      atOnce--
    })
    const made = { seen, stop: () => (stop.abort(), running.then(() => locks.close())) }
    instances.push(made)
    return made
  }
  const more = (count: () => number) => {
    const before = count()
    return eventually(() => expect(count()).to.be.greaterThan(before + 2))
  }

  it('has locks of one connection taken and let go of side by side, which is asked one thing at a time', async () => {
    const { signal } = new AbortController()
    const all = [0, 1].map(() => connectLocks({ databaseUrl: system.config.DATABASE_URL, log: specLog, signal }))
    const names = Array.from({ length: 20 }, (_, i) => `${lock} ${i}`)
    const takenBy = (one: (typeof all)[number]) => Promise.all(names.map((name) => one.tryTake(name, () => undefined)))
    for (const one of all) {
      const releases = await takenBy(one)
      const others = await takenBy(all.find((other) => other !== one)!)
      expect([releases.filter(Boolean).length, others.filter(Boolean).length]).to.deep.equal([20, 0])
      await Promise.all(releases.map((release) => release!()))
    }
    await Promise.all(all.map((one) => one.close()))
  })

  it('is done by one of two, and by the other once that one has stopped', async () => {
    const first = instance()
    await more(() => first.seen.acts)
    const second = instance()
    await more(() => second.seen.tries)
    await more(() => first.seen.acts)
    expect([second.seen.acts, first.seen.tries]).to.deep.equal([0, 1])
    await first.stop()
    await more(() => second.seen.acts)
    expect(most).to.equal(1)
  })

  it('is left off when the connection breaks, for whoever is first to have the lock again', async () => {
    const first = instance('as long as it leads')
    await eventually(() => expect(first.seen.acts).to.equal(1))
    const second = instance('as long as it leads')
    await more(() => second.seen.tries)
    const acts = () => first.seen.acts + second.seen.acts
    expect(acts()).to.equal(1)
    const { rows } = await system.database.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
         and (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 20261126)`,
      [lock],
    )
    expect(rows).to.have.length(1)
    await eventually(() => expect([acts(), atOnce]).to.deep.equal([2, 1]))
    await more(() => first.seen.tries + second.seen.tries)
    expect(acts()).to.equal(2)
  })

  it('goes on after a failure, by whoever is next', async () => {
    const stop = new AbortController()
    const { signal } = stop
    const locks = connectLocks({ databaseUrl: system.config.DATABASE_URL, log: specLog, signal })
    let acts = 0
    const leading = { locks, lock, everyMs: 5, standbyMs: 20, log: specLog, signal }
    const running = runAsLeader(leading, () => (acts++ === 0 ? Promise.reject(new Error('once')) : Promise.resolve()))
    await more(() => acts)
    stop.abort()
    await running
    await locks.close()
  })
})
