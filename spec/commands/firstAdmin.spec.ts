import { expect } from 'chai'
import { ensureFirstAdmin } from '../../commands/firstAdmin.ts'
import { ownerOf } from '../../commands/reserve.ts'
import { load } from '../../commands/handle.ts'
import * as User from '../../domain/user.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { createPasswords, type Passwords } from '../../ops/platform/passwords.ts'
import { instances } from '../instances.ts'

describe('the first admin', () => {
  const held = instances(5)
  let passwords: Passwords
  before(async () => (passwords = await createPasswords(2)))

  const now = () => new Date().toISOString()
  /** An instance that starts with credentials of its own making, and what it has kept of them at the end. */
  async function start(store: EventStore, i: number, keep: () => void = () => undefined) {
    const kept = new Set<string>()
    const password = `a good password ${i}`
    const made = await ensureFirstAdmin(
      { store, passwords, now },
      {
        email: 'admin@example.test',
        password,
        keep: async () => {
          keep()
          kept.add(password)
        },
        discard: async () => void kept.delete(password),
      },
    )
    return { made, password, kept: [...kept] }
  }
  const admins = async () => {
    const found: string[] = []
    for await (const events of held.stores[0]!.readAll(undefined))
      found.push(...events.filter(({ type }) => type === 'UserRegistered').map(({ stream }) => stream))
    return found
  }

  it('is one, however many instances start together, and only its maker keeps the credentials', async () => {
    const started = await Promise.all(held.stores.map((store, i) => start(store, i)))
    const makers = started.filter(({ made }) => made)
    expect(makers).to.have.length(1)
    expect(started.flatMap(({ kept }) => kept)).to.deep.equal([makers[0]!.password])
    const id = (await ownerOf(held.stores[0]!, 'firstAdmin', 'system'))!
    expect(await admins()).to.deep.equal([`user-${id}`])
    const { password_hash, role } = User.known((await load(held.stores[0]!, User, id)).state)
    expect(role).to.equal('super_admin')
    expect(await passwords.matches(password_hash, makers[0]!.password)).to.equal(true)
    const never = () => {
      throw new Error('credentials that are good were written over')
    }
    expect(await start(held.stores[1]!, 7, never)).to.include({ made: false })
  })

  it('is one also when fifty starts ask for it at once', async () => {
    const started = await Promise.all(
      Array.from({ length: 50 }, (_, i) => start(held.stores[i % held.stores.length]!, i)),
    )
    expect(started.filter(({ made }) => made)).to.have.length(1)
    expect(await admins()).to.have.length(1)
    const counted = await held.stores[0]!.read('superAdmins-system')
    expect(counted.map(({ type }) => type)).to.deep.equal(['SuperAdminAdmitted'])
  })

  it('is made by the next instance when the first one stopped half-way', async () => {
    const full = start(held.stores[0]!, 0, () => {
      throw new Error('the disk is full')
    })
    expect(await full.catch((error: Error) => error.message)).to.equal('the disk is full')
    expect(await admins()).to.deep.equal([])
    expect(await start(held.stores[1]!, 1)).to.deep.include({ made: true, kept: ['a good password 1'] })
  })

  it('is one also when instances start with addresses of their own, and only its own address is taken', async () => {
    const addresses = held.stores.map((_, i) => `admin-${i}@example.test`)
    const nothing = () => Promise.resolve()
    const made = await Promise.all(
      held.stores.map((store, i) =>
        ensureFirstAdmin(
          { store, passwords, now },
          { email: addresses[i]!, password: 'a good password', keep: nothing, discard: nothing },
        ),
      ),
    )
    expect(made.filter(Boolean)).to.have.length(1)
    const owners = await Promise.all(addresses.map((address) => ownerOf(held.stores[0]!, 'userEmail', address)))
    expect(owners.map((owner) => owner !== undefined)).to.deep.equal(made)
  })
})
