import { createHash, randomUUID } from 'node:crypto'
import { jsonEvent } from '@eventstore/db-client'
import type { JSONEventType } from '@eventstore/db-client'

export type Uploaded = JSONEventType<string, Record<string, string | number>>

const facility = randomUUID()
const sha256 = createHash('sha256').update(facility).digest('hex')
const TYPES = ['UploadRequested', 'UploadReceived', 'UploadVerified', 'UploadCompleted'] as const

/** The `n`th event: 456 bytes of JSON, as long as `n` has fewer than nine digits. */
export function uploaded(n: number) {
  const number = String(n).padStart(8, '0')
  return jsonEvent<Uploaded>({
    type: TYPES[n % TYPES.length]!,
    data: {
      upload_id: `0197a5c2-7f31-7d08-9b1e-2c64${number}`,
      device_id: `0197a5c2-1111-7d08-9b1e-77a0${number}`,
      facility_id: facility,
      object_key: `recordings/${facility}/2026/11/${number}.wav`,
      media_type: 'audio/wav',
      bytes: 10_000_000 + n,
      sha256,
      uploaded_at: '2026-11-03T04:05:06.789Z',
      comment: 'A minute of sound from the hall, near window',
    },
  })
}
