import semver from 'semver'
import { z } from 'zod'
import type { Compare } from '../domain/firmwareActivation.ts'

/** Semantic version 2.0 in the one way to write it, without build metadata: two that are equal are the same text. */
export const Version = z
  .string()
  .max(100)
  .refine((text) => semver.valid(text) === text, {
    message: 'must be a semantic version without build metadata, like 1.4.0',
    // Nobody compares what is none.
    abort: true,
  })

/** What a device says it runs, in the one way to write it, however it says it: `v1.4.0` and `1.4.0+7` are 1.4.0. Other words stay as they are. */
export const asObserved = (said: string): string => semver.clean(said) ?? said

export const compareVersions: Compare = (a, b) => semver.compare(a, b)
