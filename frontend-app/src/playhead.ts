export type Playhead = ReturnType<typeof createPlayhead>

/** Where a recording is being played, in seconds: between its player and whatever else on the page is of the same time. */
export function createPlayhead() {
  let at = 0
  let player: ((secs: number, play: boolean) => void) | undefined
  const listeners = new Set<() => void>()
  const tell = () => listeners.forEach((listener) => listener())
  return {
    at: () => at,
    /** Whether there is a player to go anywhere with. */
    canPlay: () => player !== undefined,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    moved(secs: number) {
      at = secs
      tell()
    },
    /** By this player, until what is given back is called. */
    attach(next: NonNullable<typeof player>) {
      player = next
      tell()
      return () => {
        if (player !== next) return
        player = undefined
        tell()
      }
    },
    seek: (secs: number) => player?.(secs, false),
    playFrom: (secs: number) => player?.(secs, true),
  }
}
