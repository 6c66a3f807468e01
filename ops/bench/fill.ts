import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { personalFields } from '../../domain/events.ts'
import { takeFolder } from '../embedded/eventstore/log/folder.ts'
import { openStore } from '../embedded/eventstore/log/recover.ts'
import { Heads } from '../embedded/eventstore/streams/heads.ts'
import { Streams } from '../embedded/eventstore/streams/streams.ts'
import { createSealing } from '../platform/sealing.ts'
import { loadSecrets } from '../platform/secrets.ts'
import { generate } from './generate.ts'

// Fills the event store of an installation that does not run: `fill.ts DATA_DIR SEED EVENTS`. One append an event, as commands write them,
// through the store's own code and without the client: the same bytes, sooner.
const [dataDir = '', seed = '', events = ''] = process.argv.slice(2)
const { DATA_ENCRYPTION_KEY } = loadSecrets(dataDir)
const keys = new Map<string, string>()
const sealing = createSealing({ secret: DATA_ENCRYPTION_KEY }, (user) => Promise.resolve(keys.get(user)))

const folder = path.join(dataDir, 'eventstore')
mkdirSync(folder, { recursive: true })
const release = takeFolder(folder)
const { log, index } = await openStore(folder)
const streams = new Streams(log, new Heads(log, index, () => undefined))

let failed: Error | undefined
for (const one of generate(Number(seed), Number(events), () => sealing.newKey())) {
  if (one.type === 'UserKeyCreated')
    keys.set(one.stream.slice('userKey-'.length), (one.data as { wrapped: string }).wrapped)
  const personal = personalFields(one)
  const data = personal ? await sealing.seal(personal[0], one.type, one.data, personal[1]) : one.data
  const { id, type, stream, revision } = one
  const bytes = { data: Buffer.from(JSON.stringify(data)), customMetadata: Buffer.from(JSON.stringify(one.metadata)) }
  const appended = { id, type, contentType: 'application/json', ...bytes }
  await streams.room()
  streams
    .append(stream, revision === 0 ? 'no_stream' : revision - 1, [appended])
    .catch((error: Error) => (failed ??= error))
  if (failed) throw failed
}
await log.settled()
await log.close()
await index.close()
release()
process.stdout.write(`${JSON.stringify({ events: Number(events) })}\n`)
