import { uploads } from '../../../projections/uploads.ts'
import { at, type Event, id, later, promiseIn, type Scenario } from './folding.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

const upload = `upload-${id(6)}`
export const job = `transcodeJob-${id(7)}`
const uploadData = {
  facility_id: id(1),
  file_name: 'night.wav',
  content_type: 'audio/wav',
  object_key: 'uploads/k1',
  size_bytes: 1024,
  sha256: 'ab',
}
const probe = { container: 'wav', codec: 'pcm_s16le', duration_ms: 1000, sample_rate_hz: 48_000, channels: 2 }
export const uploadReceived: Event = [upload, 'UploadReceived', { ...uploadData, received_at: at }]
export const uploadRow = {
  id: id(6),
  ...uploadData,
  device_id: null,
  title: null,
  notes: null,
  metadata: null,
  status: 'received',
  container: null,
  codec: null,
  duration_ms: null,
  sample_rate_hz: null,
  channels: null,
  tags: [],
  renditions: [],
  peaks: null,
  loudness_lufs: null,
  error: null,
  recorded_at: null,
  created_at: at,
  was: null,
  deleted_at: null,
  purged_at: null,
}
export const ofJob = { upload_id: id(6) }
export const asked = { facility_id: id(1), formats: ['opus-webm'], bitrate: 96_000 }
const renditions = [
  {
    format: 'opus-webm',
    codec: 'opus',
    bitrate: 96_000,
    size_bytes: 9,
    duration_ms: 1000,
    sha256: 'cd',
    object_key: 'uploads/k2',
  },
]
const peaks = { object_key: 'uploads/k3', samples_per_pixel: 256, length: 188 }
export const jobRequested: Event = [job, 'TranscodeRequested', { ...ofJob, ...asked, requested_at: at }]
export const jobStarted: Event = [job, 'TranscodeStarted', { ...ofJob, attempt: 1, worker: 'w1', started_at: later }]
export const jobCompleted: Event = [
  job,
  'TranscodeCompleted',
  { ...ofJob, attempt: 1, renditions, peaks, completed_at: later },
]
export const jobFailed: Event = [job, 'TranscodeFailed', { ...ofJob, reason: 'Gave up', failed_at: later }]
export const jobCancelled: Event = [job, 'TranscodeCancelled', { ...ofJob, cancelled_at: later }]
export const jobRetried: Event = [job, 'TranscodeRetried', { ...ofJob, retried_at: later }]
const ready = { ...uploadRow, status: 'ready', renditions, peaks }

promise(uploads, 'shows an upload, with null for what is not known', [uploadReceived], uploadRow)
promise(
  uploads,
  'shows what came with it',
  [
    [
      upload,
      'UploadReceived',
      { ...uploadData, device_id: id(5), recorded_at: at, metadata: { gain: 3 }, received_at: later },
    ],
  ],
  { ...uploadRow, device_id: id(5), recorded_at: at, metadata: { gain: 3 }, created_at: later },
)
promise(
  uploads,
  'shows what was found in it',
  [uploadReceived, [upload, 'UploadProbed', { ...probe, probed_at: later }]],
  { ...uploadRow, ...probe },
)
promise(
  uploads,
  'shows what people said of it',
  [
    uploadReceived,
    [upload, 'UploadDetailsChanged', { title: 'Night', metadata: { gain: 4 }, changed_at: later }],
    [upload, 'UploadDetailsChanged', { notes: 'wind', changed_at: later }],
    [upload, 'UploadTagged', { tag_id: id(11), tagged_at: later }],
    [upload, 'UploadTagged', { tag_id: id(12), tagged_at: later }],
    [upload, 'UploadUntagged', { tag_id: id(11), untagged_at: later }],
  ],
  { ...uploadRow, title: 'Night', notes: 'wind', metadata: { gain: 4 }, tags: [id(12)] },
)
promise(uploads, 'shows that it is being made playable', [uploadReceived, jobRequested, jobStarted], {
  ...uploadRow,
  status: 'transcoding',
})
const firstMade: Event = [
  job,
  'TranscodeRenditionMade',
  { ...ofJob, attempt: 1, rendition: renditions[0]!, made_at: later },
]
promise(
  uploads,
  'can be played as soon as one rendition is there, while the others are made',
  [uploadReceived, jobRequested, jobStarted, firstMade],
  { ...uploadRow, status: 'transcoding', renditions },
)
promise(
  uploads,
  'has each rendition once, told as it was made and again with all of them',
  [uploadReceived, jobRequested, jobStarted, firstMade, jobCompleted],
  ready,
)
promise(
  uploads,
  'has failed when its job did, though the first rendition can be played',
  [uploadReceived, jobRequested, jobStarted, firstMade, jobFailed],
  { ...uploadRow, status: 'failed', renditions, error: 'Gave up' },
)
promise(uploads, 'shows that it is ready, by its job', [uploadReceived, jobRequested, jobStarted, jobCompleted], ready)
promise(
  uploads,
  'shows how loud it is where that was measured',
  [
    uploadReceived,
    [
      job,
      'TranscodeCompleted',
      {
        ...ofJob,
        attempt: 1,
        renditions,
        peaks,
        loudness: { integrated_lufs: -23.1, true_peak_dbtp: -1 },
        completed_at: later,
      },
    ],
  ],
  { ...ready, loudness_lufs: -23.1 },
)
promise(uploads, 'shows why its job failed', [uploadReceived, jobRequested, jobFailed], {
  ...uploadRow,
  status: 'failed',
  error: 'Gave up',
})
promise(
  uploads,
  'shows no error once the job is tried again, nor when it then succeeds',
  [uploadReceived, jobRequested, jobFailed, jobRetried, jobStarted, jobCompleted],
  ready,
)
promise(uploads, 'is failed when its only job was cancelled', [uploadReceived, jobRequested, jobCancelled], {
  ...uploadRow,
  status: 'failed',
  error: 'The transcode was cancelled',
})
promise(
  uploads,
  'stays playable when a later job is cancelled',
  [uploadReceived, jobRequested, jobCompleted, jobRequested, jobCancelled],
  { ...ready, error: 'The transcode was cancelled' },
)
const rejected: Event = [upload, 'UploadRejected', { reason: 'No sound in it', rejected_at: later }]
const deleted: Event = [upload, 'UploadDeleted', { deleted_at: later }]
export const jobEvents = [jobRequested, jobStarted, jobCompleted, jobFailed, jobCancelled, jobRetried]
promise(uploads, 'stays rejected, whatever its job does', [uploadReceived, rejected, ...jobEvents], {
  ...uploadRow,
  status: 'rejected',
  error: 'No sound in it',
})
const deletedRow = { status: 'deleted', deleted_at: later }
promise(uploads, 'stays deleted, whatever its job does', [uploadReceived, deleted, ...jobEvents], {
  ...ready,
  ...deletedRow,
  was: 'transcoding',
})
const restored: Event = [upload, 'UploadRestored', { restored_at: later }]
promise(
  uploads,
  'is, once restored, what its job has made of it meanwhile',
  [uploadReceived, jobRequested, deleted, jobCompleted, restored],
  ready,
)
promise(uploads, 'is rejected still, once restored', [uploadReceived, rejected, deleted, jobCompleted, restored], {
  ...uploadRow,
  status: 'rejected',
  error: 'No sound in it',
})
promise(
  uploads,
  'has nothing to play any more once its bytes are gone, whatever its job does',
  [uploadReceived, jobCompleted, deleted, [upload, 'UploadPurged', { purged_at: later }], jobCompleted],
  { ...uploadRow, ...deletedRow, was: 'ready', purged_at: later },
)
const otherJob = `transcodeJob-${id(70)}`
const louder = { ...renditions[0]!, bitrate: 128_000, object_key: 'uploads/k4' }
const mp4 = { ...louder, format: 'aac-mp4', codec: 'aac', object_key: 'uploads/k5' }
const remade = (made: object[]): Event => [
  otherJob,
  'TranscodeCompleted',
  { ...ofJob, attempt: 1, renditions: made, peaks, completed_at: later },
]
promise(uploads, 'has what each of its jobs made', [uploadReceived, jobCompleted, remade([mp4])], {
  ...ready,
  renditions: [...renditions, mp4],
})
promise(
  uploads,
  'has of each format what was made last',
  [uploadReceived, jobCompleted, remade([mp4]), remade([louder])],
  { ...ready, renditions: [mp4, louder] },
)
promise(
  uploads,
  'stays playable when a later job fails, and says why that did',
  [uploadReceived, jobRequested, jobCompleted, jobRequested, jobFailed],
  { ...ready, error: 'Gave up' },
)
