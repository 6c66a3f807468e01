import type { Model } from './model.ts'
import { sileroVad } from './sileroVad.ts'
import { soundLevels } from './soundLevels.ts'

/** All that can listen to a recording. */
export const models: readonly Model[] = [sileroVad, soundLevels]

export const modelNamed = (name: string): Model | undefined => models.find((model) => model.name === name)
