import { splitStream } from '../domain/decider.ts'
import type { Reaction } from './reactions.ts'

/** What follows from a change of a tag's name beside its own stream, done once more: whoever asked for it may have died before it was. */
export const finishTags = (settleTagName: (tagId: string) => Promise<void>): Reaction => ({
  name: 'finish_tags',
  to: { category: 'tag', types: ['TagRenamed', 'TagDeleted'] },
  react: ({ stream }) => settleTagName(splitStream(stream)[1]),
})
