import { randomUUID } from 'node:crypto'
import type { Cursor } from '../streams/cursors.ts'
import type { Filter } from '../streams/filter.ts'
import type { StoredEvent } from '../log/storedEvent.ts'
import { frame } from '../wire/call.ts'
import type { Call } from '../wire/call.ts'
import type { EventFrames } from '../wire/eventFrames.ts'
import { ReadResp } from '../wire/messages.ts'

/** A loop that finds nothing to send lets others run after this many events. */
export const BREATH = 4096
/** So many events waiting for a subscriber that had caught up: it has fallen behind. */
const BEHIND = 1000

/**
 * A catch-up subscription: pull what is there, then sleep until the log advances. The cursor is the only state, so there is no
 * hand-over between catching up and live, and a slow client holds one buffer. `add` frames an event.
 */
export async function follow(
  call: Call,
  cursor: Cursor,
  frames: EventFrames,
  filter: Filter | undefined,
  add: (event: StoredEvent) => void,
): Promise<void> {
  await call.send(frame(ReadResp, { confirmation: { subscriptionId: randomUUID() } }))
  const checkpoint = (position: number) =>
    call.send(frame(ReadResp, { checkpoint: { commit: position, prepare: position } }))
  let sinceCheckpoint = 0
  let caughtUp = false
  let looked = 0
  while (!call.closed) {
    const before = looked
    for (const event of cursor.upToNow()) {
      if (!filter || filter.accepts(event)) add(event)
      if (frames.full) await call.send(frames.take())
      if (++looked % BREATH === 0) await new Promise(setImmediate)
      if (filter && ++sinceCheckpoint >= filter.checkpointEvery) {
        sinceCheckpoint = 0
        if (!frames.empty) await call.send(frames.take())
        await checkpoint(event.position)
      }
      if (caughtUp && looked - before > BEHIND) {
        caughtUp = false
        if (!frames.empty) await call.send(frames.take())
        await call.send(frame(ReadResp, { fellBehind: true }))
      }
      if (call.closed) return
    }
    if (!frames.empty) await call.send(frames.take())
    if (looked > before) continue // the log may have advanced meanwhile
    if (caughtUp) await call.sleep()
    else {
      caughtUp = true
      if (filter && sinceCheckpoint > 0 && cursor.seen !== undefined) await checkpoint(cursor.seen)
      await call.send(frame(ReadResp, { caughtUp: true }))
    }
  }
}
