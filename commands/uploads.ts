import * as Upload from '../domain/upload.ts'
import type { Objects } from '../ops/platform/objects.ts'
import { ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/recordings.ts'
import { derivedId, type Outcome, replay } from './handle.ts'
import { canonical, type Deps } from './http.ts'
import { storeRecording } from './recordingFile.ts'
import { Fields, placeOf, receive } from './receiving.ts'
import { nameOf, takenFile } from './takenFile.ts'
import { path, uploadAnswer } from './uploadAnswers.ts'

export const uploads = ({ store, objects, maxBytes, now }: Deps & { objects: Objects; maxBytes: number }): Route[] => [
  route({
    method: 'POST',
    path,
    permission: 'upload:create',
    multipart: Fields,
    answers: {
      200: shapes.Upload,
      201: shapes.Upload,
      400: ProblemDocument,
      404: ProblemDocument,
      413: ProblemDocument,
      415: ProblemDocument,
    },
    run: ({ caller, facility, intent, raw, stillLetIn, signal }) => {
      const id = derivedId('upload', intent.id)
      const made = (status: 200 | 201, id: string, outcome: Outcome<Upload.State>) => {
        const { object_key } = Upload.known(outcome.state)
        return { answer: uploadAnswer(status, id, outcome), object_key }
      }
      return takenFile(
        { objects, maxBytes, lists: ['tags'] },
        { raw, stillLetIn, signal },
        Fields,
        (part) => storeRecording(objects, `uploads/${id}`, { file_name: nameOf(part, 'recording'), bytes: part.bytes }),
        async ({ fields, words, taken }, appending) => {
          const asked = { ...intent, hash: store.sealing.digest(canonical([words, taken.sha256])) }
          const done = await replay(store, Upload, id, asked)
          if (done) return made(201, id, done)
          const recording = { id, place: placeOf(caller, facility, fields), fields, file: taken }
          const received = await receive({ store, now }, recording, asked, appending)
          return made(received.isSame ? 200 : 201, received.id, received.outcome)
        },
      )
    },
  }),
]
