import { stopTheSystem } from './system.ts'

/** Mocha's root hooks: what the spec files share is stopped once, at the end. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context) {
    this.timeout(60_000)
    await stopTheSystem()
  },
}
