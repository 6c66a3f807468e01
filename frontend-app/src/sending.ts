import { session } from '@xylolabs/web-shared/api/client.ts'
import { errorOf, wordsOf } from '@xylolabs/web-shared/api/problem.ts'
import { createQueue, fingerprintOf, type Sending } from './queue.ts'

const path = '/api/v1/uploads'
const pieceBytes = 8 * 1024 * 1024

const fieldsOf = ({ facility_id, device_id }: Sending) => ({
  ...(facility_id && { facility_id }),
  ...(device_id && { device_id }),
})

/** tus 1.0: goes on where it was after a lost connection, and after the page was closed, when the same file is chosen again. */
async function sendInPieces(what: Sending, onSent: (share: number) => void, signal: AbortSignal): Promise<void> {
  const { Upload } = await import('tus-js-client')
  signal.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const upload = new Upload(what.file, {
      endpoint: `${location.origin}${path}/resumable`,
      chunkSize: pieceBytes,
      retryDelays: [0, 1000, 3000, 5000, 10_000, 20_000, 30_000, 60_000],
      // Being offline is no reason to give up: it is what this is for.
      onShouldRetry: ({ originalResponse }) => {
        const status = originalResponse?.getStatus() ?? 0
        return status === 0 || status >= 500 || [401, 409, 423, 429].includes(status)
      },
      fingerprint: () => Promise.resolve(fingerprintOf(what)),
      removeFingerprintOnSuccess: true,
      metadata: { filename: what.file.name, ...fieldsOf(what) },
      onBeforeRequest: async (request) => request.setHeader('Authorization', `Bearer ${await session.token()}`),
      onProgress: (sent, all) => onSent(all ? sent / all : 0),
      onSuccess: () => resolve(),
      onError: reject,
    })
    signal.addEventListener('abort', () => {
      upload.abort(true).catch(() => undefined)
      reject(new DOMException('Cancelled', 'AbortError'))
    })
    void upload.findPreviousUploads().then(([previous]) => {
      if (previous) upload.resumeFromPreviousUpload(previous)
      upload.start()
    }, reject)
  })
}

/**
 * Sends a recording; what is wrong with it, or with the line, is an error like that of any other request.
 * @param onSent from 0 to 1
 */
const sendRecording = (what: Sending, onSent: (share: number) => void, signal: AbortSignal): Promise<void> =>
  sendInPieces(what, onSent, signal).catch(async (error: unknown) => {
    const { originalResponse } = error as { originalResponse?: { getStatus(): number; getBody(): string } | null }
    if (signal.aborted) throw error
    if (!originalResponse) throw new TypeError('The connection broke', { cause: error })
    throw await errorOf(new Response(originalResponse.getBody(), { status: originalResponse.getStatus() }))
  })

export const queue = createQueue(sendRecording, wordsOf)

const stay = (event: BeforeUnloadEvent) => event.preventDefault()
queue.subscribe(() => (queue.isBusy() ? addEventListener : removeEventListener)('beforeunload', stay))

// A session that has only ended is mostly taken up again by the same person.
session.subscribe(() => {
  const state = session.state()
  if (state.status === 'open') queue.keepOnly(state.user.id)
  if (state.status === 'anonymous' && !state.ended) queue.keepOnly(undefined)
})
