import { precedenceOf } from './firmwareVersion.ts'

// Which versions devices of a channel go back from: one that misses a rollback, or the withdrawal of what it runs, may ask when something else is
// active, which is older than what it has.

/** What a channel ever told devices to run, the newest first, and what of it they are not to stay with. Both are bounded. */
export interface Told {
  offered: readonly { release_id: string; precedence: string }[]
  /** Gone back from or withdrawn, and not active since: as `precedenceOf` says them. */
  left: readonly string[]
}

export const toldNothing: Told = { offered: [], left: [] }

/** Of each: a device that missed what came so long ago stays where it is. */
export const mostTold = 100

type Image = { release_id: string; version: string }

/** It is active or rolled out from here on. */
export function offering({ offered, left }: Told, { release_id, version }: Image): Told {
  const precedence = precedenceOf(version)
  if (precedence === null) return { offered, left }
  const others = offered.filter((one) => one.release_id !== release_id)
  return { offered: [{ release_id, precedence }, ...others].slice(0, mostTold), left }
}

/** It is active from here on: whoever runs it stays. */
export function activating(told: Told, image: Image): Told {
  const { offered, left } = offering(told, image)
  const precedence = precedenceOf(image.version)
  return { offered, left: left.filter((one) => one !== precedence) }
}

/** What is newer than that is left. */
export function goingBack(told: Told, image: Image): Told {
  const to = precedenceOf(image.version)
  return activating(to === null ? told : leaving(told, ({ precedence }) => precedence > to), image)
}

/** It is withdrawn; of what nobody was told to run, nobody goes back. */
export const withdrawing = (told: Told, release_id: string): Told =>
  leaving(told, (one) => one.release_id === release_id)

function leaving({ offered, left }: Told, isLeft: (one: Told['offered'][number]) => boolean): Told {
  const more = offered.filter(isLeft).map(({ precedence }) => precedence)
  return { offered, left: [...new Set([...more, ...left])].slice(0, mostTold) }
}

/** Whether a device that runs this goes back to what is active, also where that is older. */
export function wasLeft({ left }: Told, version: string): boolean {
  if (left.length === 0) return false
  const precedence = precedenceOf(version)
  return precedence !== null && left.includes(precedence)
}
