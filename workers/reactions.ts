import { setTimeout as delay } from 'node:timers/promises'
import { derivedId, handle } from '../commands/handle.ts'
import { splitStream } from '../domain/decider.ts'
import * as TranscodeJob from '../domain/transcodeJob.ts'
import type { Database } from '../ops/platform/database.ts'
import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'
import type { Log } from '../ops/platform/log.ts'

/** What happens because something happened. Written by deciding, with ids that follow from the event: replaying adds nothing. */
export interface Reaction {
  name: string
  prefixes: string[]
  /** May wait until its time has come; ends with the signal. */
  react: (event: Recorded, signal: AbortSignal) => Promise<void>
}

/** Every recording that arrives is asked to be transcoded. */
export function requestTranscodes(
  store: EventStore,
  settings: { formats: readonly TranscodeJob.Format[]; bitrate: number },
  now: () => string,
): Reaction {
  return {
    name: 'request_transcodes',
    prefixes: ['upload-'],
    react: async ({ id, stream, type, data, metadata }) => {
      if (type !== 'UploadReceived') return
      const facility_id = data['facility_id'] as string
      const asked = TranscodeJob.request({
        upload_id: splitStream(stream)[1],
        facility_id,
        ...settings,
        requested_at: now(),
      })
      await handle(store, TranscodeJob, derivedId('transcode-job', id), asked, {
        id: derivedId('reaction', 'request_transcodes', id),
        hash: id,
        actor: { kind: 'system', id: 'request_transcodes' },
        correlation_id: metadata['$correlationId'] as string,
        facility_id,
        ...(metadata['traceparent'] !== undefined && { traceparent: metadata['traceparent'] as string }),
      })
    },
  }
}

/** Follows the log for one reaction until the signal. Its checkpoint in Postgres may be lost: it then looks at everything again. */
export async function runReaction(
  { name, prefixes, react }: Reaction,
  { store, database, log, signal }: { store: EventStore; database: Database; log: Log; signal: AbortSignal },
): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    try {
      const { rows } = await database.query<{ position: string }>('select position from reactions where name = $1', [
        name,
      ])
      const after = rows[0] ? BigInt(rows[0].position) : undefined
      for await (const events of store.follow({ after, prefixes, signal })) {
        for (const event of events) await react(event, signal)
        await database.query(
          'insert into reactions (name, position) values ($1, $2) on conflict (name) do update set position = greatest(reactions.position, excluded.position)',
          [name, String(events.at(-1)!.position)],
        )
        failures = 0
      }
    } catch (error) {
      if (signal.aborted) return
      log.error({ error, reaction: name }, 'a reaction failed; it goes on from its checkpoint')
      await delay(Math.min(100 * 2 ** failures++, 5000), undefined, { signal }).catch(() => undefined)
    }
  }
}
