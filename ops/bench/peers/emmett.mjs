import {
  getPostgreSQLEventStore,
  pongoMultiStreamProjection,
  rebuildPostgreSQLProjections,
} from '@event-driven-io/emmett-postgresql'
import { createInterface } from 'node:readline'

// Emmett as it is meant to be used, with its own store in Postgres. `emmett.mjs URL`: takes events from stdin, one JSON a line, appends each
// and ends with `{"filled":n}`; `emmett.mjs URL rebuild`: rebuilds one read model, of uploads, from all of them and ends with `{"ms":n}`.
const [url, act] = process.argv.slice(2)

const changes = {
  UploadReceived: (upload, data) => ({ ...data, status: 'received', tags: [], renditions: [] }),
  UploadProbed: (upload, data) => ({ ...upload, ...data }),
  UploadDetailsChanged: (upload, data) => ({ ...upload, ...data }),
  UploadDeleted: (upload) => ({ ...upload, status: 'deleted' }),
  TranscodeRequested: (upload) => ({ ...upload, status: 'transcoding' }),
  TranscodeCompleted: (upload, { renditions, peaks }) => ({ ...upload, status: 'ready', renditions, peaks }),
  TranscodeFailed: (upload, { reason }) => ({ ...upload, status: 'failed', error: reason }),
}
const uploads = pongoMultiStreamProjection({
  collectionName: 'uploads',
  canHandle: Object.keys(changes),
  getDocumentId: ({ data, metadata }) => data.upload_id ?? metadata.streamName.slice('upload-'.length),
  evolve: (upload, { type, data }) => changes[type](upload, data),
})

if (act === 'rebuild') {
  const began = performance.now()
  const consumer = rebuildPostgreSQLProjections({
    connectionString: url,
    projections: [{ projection: uploads, startFrom: 'BEGINNING' }],
  })
  await consumer.start()
  const ms = performance.now() - began
  await consumer.close()
  console.log(JSON.stringify({ ms }))
} else {
  const store = getPostgreSQLEventStore(url)
  let filled = 0
  for await (const line of createInterface({ input: process.stdin })) {
    const { stream, type, data } = JSON.parse(line)
    await store.appendToStream(stream, [{ type, data }])
    filled++
  }
  await store.close()
  console.log(JSON.stringify({ filled }))
}
