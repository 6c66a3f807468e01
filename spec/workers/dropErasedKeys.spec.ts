import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { eventually } from '../eventually.ts'
import { newFacility, type System, onEmbeddedOnly, theSystem } from '../system.ts'

describe('the key of one who was erased', () => {
  let system: System
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
  })

  /** Whether any file of the event store holds these bytes. */
  function isStored(text: string): boolean {
    const folder = join(system.dataDir, 'eventstore')
    return readdirSync(folder, { recursive: true, withFileTypes: true }).some(
      (entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(text),
    )
  }

  onEmbeddedOnly(
    'is soon in no file of the event store, and so in no backup; what was sealed with it stays',
    async () => {
      const { user } = await newFacility(system)
      const [made] = await system.store.read(`userKey-${user.id}`)
      const { wrapped } = made!.data as { wrapped: string }
      expect(isStored(wrapped)).to.equal(true)
      expect((await system.admin.post(`/api/v1/users/${user.id}/erase`)).status).to.equal(200)
      await eventually(() => expect(isStored(wrapped)).to.equal(false))
      expect((await system.store.read(`user-${user.id}`)).length).to.be.greaterThan(1)
      expect(isStored(user.id)).to.equal(true)
    },
  )
})
