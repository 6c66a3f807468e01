import { type Json, splitStream } from '../domain/decider.ts'
import type { Priority } from '../domain/inferenceJob.ts'
import { ackWaitMs, type Bus } from '../ops/platform/bus.ts'
import type { Database } from '../ops/platform/database.ts'
import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'
import type { Log } from '../ops/platform/log.ts'

/** How a kind of job reads in the log: which events open one, start an attempt, end the attempt, and end the job. All others only tell of it. */
export interface JobKind {
  kind: 'transcode' | 'inference'
  category: string
  opens: ReadonlySet<string>
  starts: string
  leaves: ReadonlySet<string>
  ends: ReadonlySet<string>
  /** Where a job waits, by what the event says that opens it. Absent: all of a facility in one queue, as they came. */
  place?: (opened: Json) => Pick<OpenJob, 'lane' | 'urgency'>
}

/** The events of a kind are called alike: see `domain/attempts.ts`. */
const named = (prefix: 'Transcode' | 'Inference') => ({
  opens: new Set([`${prefix}Requested`, `${prefix}Retried`]),
  starts: `${prefix}Started`,
  leaves: new Set([`${prefix}AttemptFailed`, `${prefix}TimedOut`]),
  ends: new Set([`${prefix}Completed`, `${prefix}Failed`, `${prefix}Cancelled`]),
})

export const transcodes: JobKind = { kind: 'transcode', category: 'transcodeJob', ...named('Transcode') }

export const inferences: JobKind = {
  kind: 'inference',
  category: 'inferenceJob',
  ...named('Inference'),
  // A model, or a version of it, that no server has keeps nobody waiting who asks for another.
  place: ({ model, model_version, priority }) => ({
    lane: [model, model_version].join('@'),
    urgency: { low: -1, normal: 0, high: 1 }[(priority ?? 'normal') as Priority],
  }),
}

interface Place {
  position: bigint
  id: string
}

export interface OpenJob {
  id: string
  facility_id: string
  /** Those of a facility in one lane wait for each other, in others they do not. */
  lane: string
  /** Within its lane the higher goes first. */
  urgency: number
  /** The revision of the event that opened it. */
  opened: number
  /** The event of any such job before that one. */
  before: Place | undefined
  /** The attempt that runs. */
  running?: { attempt: number; started_at: string }
}

/** Tells a worker that the log has gone on without it. */
export interface Watch {
  /** Aborted once the job's stream has an event that the attempt has not written. */
  signal: AbortSignal
  /** The attempt began with the event of this revision. */
  from(revision: number): void
  end(): void
}

export interface OpenJobs {
  /** By id, in the order they were opened. */
  jobs: ReadonlyMap<string, OpenJob>
  /** Whether the log was read to its end once: before that, an open job may be over. */
  isCaughtUp(): boolean
  /** Called with a job whenever it changes, and without one once everything was read. */
  onChange(listener: (id: string | undefined) => void): void
  watch(id: string): Watch
  /** Milliseconds since its worker began or was heard of; since we listen, when it never was. */
  silentMs(id: string): number
  /** Resolves after the signal. */
  done: Promise<void>
}

export interface OpenJobsDeps {
  store: EventStore
  database: Database
  bus: Bus
  log: Log
  signal: AbortSignal
  saveEveryMs?: number
}

/** The subject under which a worker says that it is at work on a job. */
export const aliveSubject = (kind: string, id: string) => `alive.${kind}.${id}`

/**
 * Follows one kind of job in the log and keeps what is open, and nothing else. Where all that was opened before is over is
 * remembered in Postgres, so that the next start need not read all jobs there ever were; when that is lost, it does.
 */
export function followOpenJobs(
  kind: JobKind,
  { store, database, bus, log, signal, saveEveryMs = 5000 }: OpenJobsDeps,
): OpenJobs {
  const jobs = new Map<string, OpenJob>()
  const listeners: ((id: string | undefined) => void)[] = []
  const watches = new Map<string, Set<(revision: number) => void>>()
  const heard = new Map<string, number>()
  const listening = performance.now()
  let caughtUp = false
  let last: Place | undefined

  function apply(event: Recorded) {
    const id = splitStream(event.stream)[1]
    const { revision } = event
    const before = jobs.get(id)
    const earlier = last
    last = { position: event.position, id: event.id }
    if (kind.opens.has(event.type)) {
      jobs.delete(id)
      const facility_id = String(event.metadata['facility_id'] ?? '')
      const { lane, urgency } = kind.place?.(event.data) ?? { lane: '', urgency: 0 }
      jobs.set(id, { id, facility_id, lane, urgency, opened: revision, before: earlier })
    } else if (kind.ends.has(event.type)) {
      jobs.delete(id)
      heard.delete(id)
    } else if (event.type === kind.starts) {
      const { attempt, started_at } = event.data as { attempt: number; started_at: string }
      if (before) jobs.set(id, { ...before, running: { attempt, started_at } })
      if (before && caughtUp) heard.set(id, performance.now())
    } else if (kind.leaves.has(event.type)) {
      const { running: _, ...rest } = before ?? {}
      if (before) jobs.set(id, rest as OpenJob)
    } else return
    for (const tell of watches.get(id) ?? []) tell(revision)
    for (const tell of listeners) tell(id)
  }

  function watch(id: string): Watch {
    const controller = new AbortController()
    let [seen, own] = [-1, Infinity]
    const check = () => seen > own && controller.abort(new Error('The job was taken from this worker'))
    const tell = (revision: number) => {
      seen = revision
      check()
    }
    const all = watches.get(id) ?? new Set()
    watches.set(id, all.add(tell))
    return {
      signal: controller.signal,
      from: (revision) => {
        own = revision
        check()
      },
      end: () => {
        all.delete(tell)
        if (all.size === 0 && watches.get(id) === all) watches.delete(id)
      },
    }
  }

  let saved: bigint | undefined

  async function restore(): Promise<bigint | undefined> {
    const asked = database.query<{ position: string; event_id: string }>(
      'select position, event_id from open_jobs where kind = $1',
      [kind.kind],
    )
    const [row] = (await asked.catch(() => ({ rows: [] }))).rows
    if (!row) return undefined
    // In another log something else is at that place.
    const found = await store.eventAt(BigInt(row.position))
    return typeof found === 'object' && found.id === row.event_id ? BigInt(row.position) : undefined
  }

  /** Everything up to there is over. */
  async function save() {
    const [oldest] = jobs.values()
    const over = oldest ? oldest.before : last
    if (!caughtUp || !over || over.position === saved) return
    await database.query(
      `insert into open_jobs (kind, position, event_id) values ($1, $2, $3)
       on conflict (kind) do update set position = excluded.position, event_id = excluded.event_id`,
      [kind.kind, String(over.position), over.id],
    )
    saved = over.position
  }

  async function follow() {
    const onCaughtUp = () => {
      caughtUp = true
      for (const tell of listeners) tell(undefined)
    }
    const after = await restore().catch(() => undefined)
    for await (const events of store.follow({ after, prefixes: [`${kind.category}-`], signal, onCaughtUp }))
      events.forEach(apply)
  }

  async function listen() {
    const subscription = bus.connection.subscribe(aliveSubject(kind.kind, '*'))
    signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true })
    for await (const { subject } of subscription) {
      const id = subject.split('.').at(-1)!
      if (jobs.has(id)) heard.set(id, performance.now())
    }
  }

  const saving = setInterval(() => {
    save().catch((error: unknown) => log.debug({ error, kind: kind.kind }, 'how far jobs are over was not remembered'))
  }, saveEveryMs)
  signal.addEventListener('abort', () => clearInterval(saving), { once: true })
  return {
    jobs,
    isCaughtUp: () => caughtUp,
    onChange: (listener) => void listeners.push(listener),
    watch,
    silentMs: (id) => performance.now() - (heard.get(id) ?? listening),
    done: Promise.all([follow(), listen()]).then(() => undefined),
  }
}

/** A worker that was not heard of for so long is gone. */
export const goneAfterMs = 2 * ackWaitMs
