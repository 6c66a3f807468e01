import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { createAdmin } from '../../commands/createAdmin.ts'
import { handle, load } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { admitSuperAdmin, letGo } from '../../commands/superAdmins.ts'
import * as User from '../../domain/user.ts'
import { createPasswords, type Passwords } from '../../ops/platform/passwords.ts'
import type { Intent } from '../../ops/platform/route.ts'
import { instances } from '../instances.ts'

describe('the last super_admin', () => {
  const held = instances(4)
  let passwords: Passwords
  before(async () => (passwords = await createPasswords(2)))

  const now = () => new Date().toISOString()
  const facility_id = randomUUID()
  const by = (id: string): Intent => ({ ...systemIntent('spec', randomUUID()), actor: { kind: 'user', id } })
  const make = async (i = 0) => {
    const wanted = { email: `admin-${randomUUID()}@example.test`, name: 'Admin', mustChangePassword: false }
    return (await createAdmin({ store: held.stores[i]!, passwords, now }, wanted)).id
  }
  const goings = [
    () => User.deactivate({ deactivated_at: now() }),
    () => User.erase({ erased_at: now() }),
    () => User.change({ role: 'user', facility_id, at: now() }),
  ]
  /** What became of it: `gone`, or the code of the refusal. */
  const go = (i: number, who: string, actor: string, how = goings[0]!) =>
    letGo({ store: held.stores[i]!, now }, who, how(), by(actor)).then(
      () => 'gone',
      (error: { code: string }) => error.code,
    )
  const stay = async (ids: readonly string[]) => {
    const states = await Promise.all(ids.map(async (id) => (await load(held.stores[0]!, User, id)).state))
    return ids.filter((_, i) => states[i]!.status === 'active' && (states[i] as User.Known).role === 'super_admin')
  }

  it('can be neither deactivated, erased nor given another role', async () => {
    const only = await make()
    for (const how of goings) expect(await go(0, only, only, how)).to.equal('last-super-admin')
    const second = await make(1)
    expect(await go(0, only, second)).to.equal('gone')
    for (const how of goings) expect(await go(1, second, second, how)).to.equal('last-super-admin')
    expect(await stay([only, second])).to.deep.equal([second])
  })

  it('is somebody still when two let go of each other at the same moment, on two instances', async function () {
    this.timeout(60_000)
    for (let round = 0; round < 15; round++) {
      const [a, b] = [await make(0), await make(1)]
      // Those of earlier rounds do not count any more.
      const [how, other] = [goings[round % 3]!, goings[(round + 1) % 3]!]
      const before = await everybody()
      for (const id of before) if (id !== a && id !== b) expect(await go(2, id, a)).to.equal('gone')
      const done = await Promise.all([go(0, b, a, how), go(1, a, b, other)])
      expect(
        done.filter((one) => one === 'gone'),
        done.join(),
      ).to.have.length.at.most(1)
      expect(await stay([a, b])).to.have.length.at.least(1)
    }
  })

  it('is somebody still when four let go of the next one, and some come back', async function () {
    this.timeout(60_000)
    const ids: string[] = []
    for (const i of [0, 1, 2, 3]) ids.push(await make(i))
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        ids.flatMap((id, i) => [
          go(i, ids[(i + 1) % 4]!, id),
          (async () => {
            const intent = by(id)
            const back = User.reactivate({ reactivated_at: now() })
            await handle(held.stores[(i + 2) % 4]!, User, id, back, intent).catch(() => undefined)
            await admitSuperAdmin({ store: held.stores[(i + 2) % 4]!, now }, id, intent).catch(() => undefined)
          })(),
        ]),
      )
      expect(await stay(ids), `round ${round}`).to.have.length.at.least(1)
    }
  })

  it('of a log from before they were counted is not taken for the last one by another', async () => {
    const old = await Promise.all([register(), register()])
    expect(await go(0, old[0]!, old[1]!)).to.equal('gone')
    expect(await go(0, old[1]!, old[1]!)).to.equal('last-super-admin')
  })

  it('who goes by a revision that has moved on, is let go of by the newest', async () => {
    const [a, b] = [await make(0), await make(1)]
    await load(held.stores[0]!, User, b)
    await handle(held.stores[1]!, User, b, User.change({ name: 'New', at: now() }), by(a))
    expect(await go(0, b, a)).to.equal('gone')
    const stale = { ...by(a), expected_revision: 0 }
    const error = await letGo({ store: held.stores[0]!, now }, b, goings[1]!(), stale).catch(
      (one: { code: string }) => one,
    )
    expect(error).to.include({ code: 'revision_conflict' })
  })

  async function everybody(): Promise<string[]> {
    const events = await held.stores[0]!.read('superAdmins-system')
    return stay([...new Set(events.map(({ data }) => data['user_id'] as string))])
  }

  /** As it was done once: the user alone. */
  async function register(): Promise<string> {
    const id = randomUUID()
    await held.stores[0]!.append(
      `userKey-${id}`,
      [
        {
          ...{ id: randomUUID(), type: 'UserKeyCreated', metadata: { schema: 1 } },
          data: { wrapped: held.stores[0]!.sealing.newKey(), created_at: now() },
        },
      ],
      'no_stream',
    )
    const user = { email: `${id}@example.test`, name: 'Old', role: 'super_admin' as const }
    const registered = { ...user, password_hash: 'h', must_change_password: false, registered_at: now() }
    await handle(held.stores[0]!, User, id, User.register(registered), systemIntent('old', id))
    return id
  }
})
