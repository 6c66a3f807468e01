import { derivedId, handle } from '../commands/handle.ts'
import { systemIntent } from '../commands/http.ts'
import * as TranscodeJob from '../domain/transcodeJob.ts'
import * as Upload from '../domain/upload.ts'
import type { Connections } from '../ops/roles/connections.ts'
import { unique } from './system.ts'

/** Recordings and jobs as they are in the log and the store, without a door; the facility of a recording has its id. */
export function recordingsIn(connections: Pick<Connections, 'store' | 'objects'>) {
  const { store, objects } = connections
  const now = () => new Date().toISOString()

  async function received(bytes: Buffer, content_type = 'audio/wav') {
    const id = derivedId('upload', unique('id'))
    const file = { object_key: `uploads/${id}/original`, file_name: 'a', content_type }
    async function* source() {
      yield bytes
    }
    const stored = await objects.put(file.object_key, source(), content_type)
    const upload = Upload.receive({ facility_id: id, ...file, ...stored, received_at: now() })
    await handle(store, Upload, id, upload, { ...systemIntent('spec', id), facility_id: id })
    return { id, object_key: file.object_key }
  }

  async function requested(
    upload_id: string,
    { facility_id = upload_id, formats = ['opus-webm'] as readonly TranscodeJob.Format[] } = {},
  ) {
    const id = derivedId('job', unique('id'))
    const request = TranscodeJob.request({ upload_id, facility_id, formats, bitrate: 64_000, requested_at: now() })
    await handle(store, TranscodeJob, id, request, { ...systemIntent('spec', id), facility_id })
    return id
  }

  const types = async (job: string) => (await store.read(`transcodeJob-${job}`)).map(({ type }) => type)
  const decided = (job: string, decision: Parameters<typeof handle<TranscodeJob.State, TranscodeJob.Event>>[3]) =>
    handle(store, TranscodeJob, job, decision, systemIntent('spec', unique('decided')))
  return { received, requested, types, decided }
}
