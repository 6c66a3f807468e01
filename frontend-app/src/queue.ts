/** A file and where it goes, as it was said when it was dropped. */
export interface Sending {
  file: File
  user_id: string
  facility_id?: string | undefined
  device_id?: string | undefined
}

export interface Item {
  id: number
  what: Sending
  /** From 0 to 1. */
  sent: number
  state: 'waiting' | 'sending' | 'done' | 'failed'
  error?: string
  stop: AbortController
}

/** By which a file that is chosen again is known: as the same only for the same place, by the same person. */
export const fingerprintOf = ({ file, user_id, facility_id, device_id }: Sending): string =>
  JSON.stringify([user_id, facility_id ?? '', device_id ?? '', file.name, file.type, file.size, file.lastModified])

/** More at once only share the same line. */
const atOnce = 2

export type Queue = ReturnType<typeof createQueue>

/** The files on their way. It is of no page: they are sent on wherever one goes. */
export function createQueue(
  send: (what: Sending, onSent: (share: number) => void, signal: AbortSignal) => Promise<unknown>,
  wordsOf: (error: unknown) => string,
) {
  let items: readonly Item[] = []
  let next = 1
  const listeners = new Set<() => void>()

  function become(changed: readonly Item[]) {
    items = changed
    for (const listener of listeners) listener()
  }

  const change = (id: number, by: Partial<Item>) =>
    become(items.map((item) => (item.id === id ? { ...item, ...by } : item)))

  function sendOn() {
    const busy = items.filter(({ state }) => state === 'sending').length
    const waiting = items.filter(({ state }) => state === 'waiting')
    for (const { id, what, stop } of waiting.slice(0, Math.max(0, atOnce - busy))) {
      change(id, { state: 'sending' })
      void send(what, (sent) => change(id, { sent }), stop.signal)
        .then(
          () => change(id, { state: 'done', sent: 1 }),
          (error: unknown) =>
            change(id, { state: 'failed', error: stop.signal.aborted ? 'Cancelled' : wordsOf(error) }),
        )
        .then(sendOn)
    }
  }

  return {
    items: () => items,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    isBusy: () => items.some(({ state }) => state === 'sending' || state === 'waiting'),
    add: (files: readonly Sending[]) => {
      const added = files.map((what): Item => ({
        ...{ id: next++, what, sent: 0, state: 'waiting', stop: new AbortController() },
      }))
      become([...items, ...added])
      sendOn()
    },
    again: (id: number) => {
      change(id, { state: 'waiting', sent: 0, stop: new AbortController() })
      sendOn()
    },
    clear: () => become([]),
    /** Stops and forgets what is not of this person; everything where there is none. */
    keepOnly: (user_id: string | undefined) => {
      const others = items.filter(({ what }) => what.user_id !== user_id)
      if (others.length === 0) return
      become(items.filter((item) => !others.includes(item)))
      for (const { stop } of others) stop.abort()
      sendOn()
    },
  }
}
