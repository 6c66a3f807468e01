/** The name by which the log as a whole is subscribed to. */
export const ALL = '$all'

export const CONFIGURATION = '$persistentSubscriptionConfig'
const PREFIX = '$persistentsubscription-'

export const groupKey = (stream: string, group: string): string => `${stream}::${group}`
export const checkpointStream = (key: string): string => `${PREFIX}${key}-checkpoint`
export const parkedStream = (key: string): string => `${PREFIX}${key}-parked`

/** What persistent subscriptions write about themselves: checkpoints, parked messages, configuration and the metadata of those. */
export function isOwn(stream: string): boolean {
  if (!stream.startsWith('$')) return false
  const original = stream.startsWith('$$') ? stream.slice(2) : stream
  return original.startsWith(PREFIX) || original === CONFIGURATION
}
