import { stopTheSystem } from './system.ts'

/** Where `pg` warned that a connection was asked for more than it had answered, which its next version refuses; it does so from the third question on. */
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
