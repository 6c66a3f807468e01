import { randomUUID } from 'node:crypto'
import { scavenge } from '../log/scavenge.ts'
import { Code, Refusal } from '../refusal.ts'
import type { Stores } from '../streams/cursors.ts'
import { linkTo } from '../streams/links.ts'
import { Retention } from '../streams/retention.ts'
import type { Streams } from '../streams/streams.ts'
import { frame } from '../wire/call.ts'
import type { Call } from '../wire/call.ts'
import { ScavengeResp, StopScavengeReq } from '../wire/messages.ts'

const NOTHING = Buffer.alloc(0)
const STARTED = 0
const STOPPED = 2
/** Links to the events in which each scavenge, in a stream of its own, says how it went: as on the real server. */
const HISTORY = '$scavenges'
const BEGUN = '$scavengeStarted'
const ENDED = '$scavengeCompleted'

/** Operations/StartScavenge and StopScavenge: one at a time, in the background. */
export class Scavenges {
  readonly #stores: Stores
  readonly #streams: Streams
  #running: { id: string; abort: AbortController; done: Promise<void> } | undefined

  constructor(stores: Stores, streams: Streams) {
    this.#stores = stores
    this.#streams = streams
  }

  async start(call: Call): Promise<void> {
    for await (const message of call.messages({})) void message // its options are about threads and chunks
    if (this.#running)
      throw new Refusal(Code.failedPrecondition, `The scavenge ${this.#running.id} is still running`, {
        exception: 'scavenge-in-progress',
        'scavenge-id': this.#running.id,
      })
    const id = randomUUID()
    const abort = new AbortController()
    const noted = this.#note(id, BEGUN, {})
    const done = noted
      .then(() => this.#run(id, abort.signal))
      .catch((error: Error) => console.error(`The scavenge ${id} could not be written down: ${error.message}`))
      .finally(() => (this.#running = undefined))
    this.#running = { id, abort, done }
    await noted
    await call.send(frame(ScavengeResp, { scavengeId: id, scavengeResult: STARTED }))
  }

  async stop(call: Call): Promise<void> {
    const { options } = await call.message(StopScavengeReq)
    const id = options?.scavengeId
    if (!this.#running || this.#running.id !== id)
      throw new Refusal(Code.notFound, `There is no scavenge ${id} running`, { exception: 'scavenge-not-found' })
    await this.settle()
    await call.send(frame(ScavengeResp, { scavengeId: id, scavengeResult: STOPPED }))
  }

  /** Stops the one that is running: when it has ended. */
  async settle(): Promise<void> {
    this.#running?.abort.abort(new Error('stopped'))
    await this.#running?.done
  }

  async #run(scavengeId: string, signal: AbortSignal): Promise<void> {
    const { log, index, heads } = this.#stores
    const began = Date.now()
    const ending = await scavenge(log, index, new Retention(index, heads), signal).then(
      (spaceSaved) => ({ result: 'Success', error: '', spaceSaved }),
      (error: Error) => ({ result: signal.aborted ? 'Stopped' : 'Errored', error: error.message, spaceSaved: 0 }),
    )
    if (ending.result === 'Errored') console.error(`The scavenge ${scavengeId} ended: ${ending.error}`)
    const timeTaken = new Date(Date.now() - began).toISOString().slice(11, 23)
    await this.#note(scavengeId, ENDED, { ...ending, timeTaken })
  }

  async #note(scavengeId: string, type: typeof BEGUN | typeof ENDED, details: Record<string, unknown>): Promise<void> {
    const stream = `${HISTORY}-${scavengeId}`
    const note = { id: randomUUID(), type, contentType: 'application/json', customMetadata: NOTHING }
    const data = Buffer.from(JSON.stringify({ scavengeId, ...details }))
    // Queued together: who sees the one sees the other.
    await Promise.all([
      this.#streams.append(stream, 'any', [{ ...note, data }]),
      this.#streams.append(HISTORY, 'any', [linkTo(stream, type === BEGUN ? 0 : 1)]),
    ])
  }
}
