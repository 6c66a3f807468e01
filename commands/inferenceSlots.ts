import { isOpen } from '../domain/attempts.ts'
import * as InferenceJob from '../domain/inferenceJob.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { type Intent, Problem } from '../ops/platform/route.ts'
import { derivedId, handle, load, type Outcome, replay } from './handle.ts'
import { canonical } from './http.ts'

/** So many times one recording may be asked about. */
const mostJobs = 500
/** So many streams are read at once. */
const atOnce = 8

/** A job that there is of a recording, as its stream has it. */
export interface Slot {
  id: string
  state: InferenceJob.Known
  revision: number
  position: bigint
  /** Whether this command has written to it. */
  isOurs: boolean
}

type Asked = Parameters<typeof InferenceJob.request>[0]

/** All jobs of a recording that somebody asked for, and the one that this model does by itself; and the first id that is free. */
async function slotsOf(store: EventStore, upload: { upload_id: string; model: string }, intent: Intent) {
  const read = async (id: string): Promise<Slot | string> => {
    const { state, revision, position, commands } = await load(store, InferenceJob, id)
    return state.status === 'unknown'
      ? id
      : { id, state, revision, position: position!, isOurs: commands.has(intent.id) }
  }
  const isTaken = (one: Slot | string): one is Slot => typeof one === 'object'
  const automatic = await read(derivedId(...InferenceJob.slots.automatic(upload)))
  const taken = [automatic].filter(isTaken)
  for (let from = 0; from < mostJobs; from += atOnce) {
    const numbers = Array.from({ length: atOnce }, (_, i) => from + i)
    const next = await Promise.all(
      numbers.map((number) => read(derivedId(...InferenceJob.slots.numbered(upload, number)))),
    )
    const free = next.findIndex((one) => !isTaken(one))
    taken.push(...next.slice(0, free < 0 ? undefined : free).filter(isTaken))
    if (free >= 0) return { taken, free: next[free] as string }
  }
  return { taken, free: undefined }
}

const words = ({ model, model_version, params, rerun_of }: Partial<Asked>) =>
  canonical([model, model_version ?? null, params ?? null, rerun_of ?? null])

/** Whether the one is what the other asks for; how urgent it was does not matter. */
const isSame = (state: InferenceJob.State, asked: Asked) => state.status !== 'unknown' && words(state) === words(asked)

/**
 * The job that does what is asked for: one that is open, else a new one. Decided from the streams of the recording's jobs alone, which follow from
 * one another: two who ask at once for the same get the same. A repeated command is answered as it was the first time.
 * @param listenable throws where nothing new may be asked for
 * @param asked what to ask for, given what there was before
 */
export async function submitted(
  store: EventStore,
  {
    intent,
    listenable,
    asked,
    ...upload
  }: {
    upload_id: string
    model: string
    intent: Intent
    listenable: () => void
    asked: (jobs: readonly Slot[]) => Asked
  },
): Promise<{ id: string; outcome: Outcome<InferenceJob.State> }> {
  for (;;) {
    const { taken, free } = await slotsOf(store, upload, intent)
    const ours = taken.find(({ isOurs }) => isOurs)
    if (ours) return { id: ours.id, outcome: (await replay(store, InferenceJob, ours.id, intent))! }
    listenable()
    const wanted = asked(taken)
    const open = taken.find(({ state }) => isOpen(state) && isSame(state, wanted))
    if (open) return { id: open.id, outcome: { ...open, repeated: false } }
    if (free === undefined) throw new Problem('too_many_jobs', `A recording can be asked about ${mostJobs} times`)
    const outcome = await handle(store, InferenceJob, free, InferenceJob.request(wanted), intent)
    // Somebody else may have been faster, with something else.
    if (isSame(outcome.state, wanted)) return { id: free, outcome }
  }
}
