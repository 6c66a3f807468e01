import { setTimeout as delay } from 'node:timers/promises'
import { derivedId, handle } from '../commands/handle.ts'
import { originOf, systemIntent } from '../commands/http.ts'
import { splitStream } from '../domain/decider.ts'
import { decodeFrom, type DomainEvent } from '../domain/events.ts'
import * as InferenceJob from '../domain/inferenceJob.ts'
import * as Settings from '../domain/settings.ts'
import * as TranscodeJob from '../domain/transcodeJob.ts'
import type { Database } from '../ops/platform/database.ts'
import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'
import { Unavailable } from '../ops/platform/eventStoreErrors.ts'
import type { Log } from '../ops/platform/log.ts'
import { settingsThen } from './settingsThen.ts'

/** What happens because something happened. Written by deciding, with ids that follow from the event: replaying adds nothing. */
export interface Reaction {
  name: string
  /** What it reacts to. Whatever else happens, also what nobody can read, is none of its business. */
  to: { category: string; types: DomainEvent['type'][] }
  /** May wait until its time has come; ends with the signal. */
  react: (stored: Recorded, event: DomainEvent, signal: AbortSignal) => Promise<void>
}

/** Every recording that arrives is asked to be transcoded, by the settings as they were then. */
export function requestTranscodes(store: EventStore, environment: Settings.State, now: () => string): Reaction {
  return {
    name: 'request_transcodes',
    to: { category: 'upload', types: ['UploadReceived'] },
    react: async ({ id, stream, metadata, position }, event) => {
      if (event.type !== 'UploadReceived') return
      const { facility_id } = event.data
      const settings = await settingsThen(store, { environment, facility_id, position })
      const asked = TranscodeJob.request({
        upload_id: splitStream(stream)[1],
        facility_id,
        formats: Settings.effective('transcode_formats', settings).value,
        bitrate: Settings.effective('transcode_bitrate', settings).value,
        requested_at: now(),
      })
      await handle(store, TranscodeJob, derivedId('transcode-job', id), asked, {
        ...systemIntent('request_transcodes', id),
        ...originOf(metadata),
        facility_id,
      })
    },
  }
}

/**
 * Every recording that turns out to be one is listened to by the models that its facility wants, by the settings as they were
 * when it came.
 */
export function requestInferences(store: EventStore, environment: Settings.State, now: () => string): Reaction {
  return {
    name: 'request_inferences',
    to: { category: 'upload', types: ['UploadProbed'] },
    react: async ({ id, stream, metadata }) => {
      const upload_id = splitStream(stream)[1]
      const [received] = await store.read(stream, { max: 1 })
      const { facility_id } = (decoded(received!) as Extract<DomainEvent, { type: 'UploadReceived' }>).data
      const settings = await settingsThen(store, { environment, facility_id, position: received!.position })
      for (const model of Settings.listening(Settings.effective('automatic_inference', settings).value)) {
        const asked = InferenceJob.request({ upload_id, facility_id, model, priority: 'normal', requested_at: now() })
        await handle(store, InferenceJob, derivedId(...InferenceJob.slots.automatic({ upload_id, model })), asked, {
          ...systemIntent('request_inferences', id),
          ...originOf(metadata),
          facility_id,
        })
      }
    },
  }
}

/**
 * Follows the log for one reaction until the signal. Its checkpoint in Postgres may be lost, or of another log, such as one that was restored from
 * a backup since: it then looks at everything again.
 */
export async function runReaction(
  { name, to, react }: Reaction,
  { store, database, log, signal }: { store: EventStore; database: Database; log: Log; signal: AbortSignal },
): Promise<void> {
  const types = new Set<string>(to.types)
  const isWanted = ({ stream, type }: Recorded) => types.has(type) && splitStream(stream)[0] === to.category
  // It may be another log that comes back.
  const onBroken = (error: Error) => {
    throw new Broken(error.message)
  }
  for (let failures = 0; !signal.aborted;) {
    try {
      const after = await checkpointOf(name, { store, database, log })
      for await (const events of store.follow({ after, types: to.types, signal, onBroken })) {
        for (const stored of events) if (isWanted(stored)) await react(stored, decoded(stored), signal)
        const { position, id } = events.at(-1)!
        await database.query(
          `insert into reactions as kept (name, position, event_id) values ($1, $2, $3)
           on conflict (name) do update set position = excluded.position, event_id = excluded.event_id
           where kept.position < excluded.position`,
          [name, String(position), id],
        )
        failures = 0
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof Broken || error instanceof Unavailable)
        log.warn({ error: error.message, reaction: name }, 'the subscription broke')
      else log.error({ error, reaction: name }, 'a reaction failed; it goes on from its checkpoint')
      await delay(Math.min(100 * 2 ** failures++, 5000), undefined, { signal }).catch(() => undefined)
    }
  }
}

class Broken extends Error {
  override readonly name = 'Broken'
}

/** Up to where it has looked; undefined where that is not known of this log. An event that is gone from there says nothing: looking again adds nothing. */
async function checkpointOf(
  name: string,
  { store, database, log }: { store: EventStore; database: Database; log: Log },
): Promise<bigint | undefined> {
  const { rows } = await database.query<{ position: string; event_id: string | null }>(
    'select position, event_id from reactions where name = $1',
    [name],
  )
  const [kept] = rows
  if (!kept) return undefined
  const position = BigInt(kept.position)
  const isSame = (id: string) => kept.event_id === null || kept.event_id === id
  const found = await store.eventAt(position)
  const isOfThisLog = typeof found === 'string' ? found === 'gone' && kept.event_id === null : isSame(found.id)
  if (isOfThisLog) return position
  log.warn(
    { reaction: name, position: kept.position },
    'this reaction stood in another log: it looks at all of this one',
  )
  await database.query('delete from reactions where name = $1 and position = $2', [name, kept.position])
  return undefined
}

/** Today's shape; an event that cannot be read stops the reaction, which then says so until it is mended. */
function decoded(stored: Recorded): DomainEvent {
  if (stored.unreadable) throw stored.unreadable
  return decodeFrom({ ...stored, schema: stored.metadata['schema'] as number }) as DomainEvent
}
