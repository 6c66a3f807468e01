import { originOf, systemIntent } from '../commands/http.ts'
import { splitStream } from '../domain/decider.ts'
import type { Intent } from '../ops/platform/route.ts'
import type { Reaction } from './reactions.ts'

export interface Finishing {
  settleAddresses: (userId: string) => Promise<void>
  completeErasure: (userId: string, intent: Intent) => Promise<void>
}

/**
 * What follows from a change of address and from an erasure beside the user's own stream, done once more: whoever asked for it may have died
 * before all of it was. Either may be repeated.
 */
export const finishUsers = ({ settleAddresses, completeErasure }: Finishing): Reaction => ({
  name: 'finish_users',
  to: { category: 'user', types: ['UserEmailChanged', 'UserErased'] },
  react: async ({ id, stream, metadata }, { type }) => {
    const user = splitStream(stream)[1]
    if (type === 'UserEmailChanged') await settleAddresses(user)
    if (type === 'UserErased')
      await completeErasure(user, { ...systemIntent('finish_users', id), ...originOf(metadata) })
  },
})
