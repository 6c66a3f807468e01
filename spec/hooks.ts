import { stopTheSystem } from './system.ts'

/** Where a connection to Postgres was asked while it answered something else: the next `pg` refuses that. */
let overlap: Error | undefined
process.on('warning', (warning) => {
  if (warning.message.startsWith('Calling client.query()')) overlap ??= warning
})

/** Mocha's root hooks: what the spec files share is stopped once, at the end. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context) {
    this.timeout(60_000)
    await stopTheSystem()
    if (overlap) throw overlap
  },
}
