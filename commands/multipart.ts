import type { IncomingMessage } from 'node:http'
import busboy from 'busboy'
import { Problem } from '../ops/platform/route.ts'

export interface Part {
  /** As the client calls it, path and all. */
  fileName: string
  bytes: AsyncIterable<Buffer>
}

const maxFields = 20
const maxFieldBytes = 64 * 1024

const invalid = (path: string, message: string) =>
  new Problem('invalid_request', 'The form is not as expected', { errors: [{ path: `body.${path}`, message }] })

/**
 * Reads a form of text fields and exactly one file, which `take` consumes as it streams in.
 * A field of `lists` may come several times: its values are then one, separated by commas.
 * Throws a problem on a file over `maxBytes`, as soon as that is known, and on anything malformed or cut short;
 * `take` sees the same error from its bytes. What it took in vain is handed to `giveBack` first.
 */
export async function readForm<Taken>(
  raw: IncomingMessage,
  {
    fileField,
    maxBytes,
    lists = [],
    signal,
  }: { fileField: string; maxBytes: number; lists?: readonly string[]; signal: AbortSignal },
  take: (part: Part) => Promise<Taken>,
  giveBack: (taken: Taken) => Promise<void>,
): Promise<{ fields: Record<string, string>; taken: Taken }> {
  const tooLarge = () => new Problem('payload_too_large', `A file has ${maxBytes} bytes at most`)
  if (Number(raw.headers['content-length'] ?? 0) > maxBytes + maxFields * maxFieldBytes) throw tooLarge()
  let form: busboy.Busboy
  try {
    form = busboy({
      headers: raw.headers,
      defParamCharset: 'utf8',
      limits: { files: 1, fields: maxFields, fieldSize: maxFieldBytes, fileSize: maxBytes + 1, fieldNameSize: 100 },
    })
  } catch {
    throw new Problem('unsupported_media_type', 'Send multipart/form-data with a boundary')
  }

  const fields: Record<string, string> = {}
  let taking: Promise<Taken> | undefined
  return new Promise((resolve, reject) => {
    let failed = false
    const fail = (error: Error) => {
      if (failed) return
      failed = true
      signal.removeEventListener('abort', gone)
      raw.unpipe(form)
      form.destroy(error)
      // The problem is answered once what was taken so far has been given up.
      Promise.resolve(taking)
        .then((taken) => (taken === undefined ? undefined : giveBack(taken)))
        .then(
          () => reject(error),
          () => reject(error),
        )
    }
    const gone = () => fail(invalid('', 'the request was cut short'))
    if (signal.aborted) return gone()
    signal.addEventListener('abort', gone, { once: true })

    form.on('field', (name, value, { nameTruncated, valueTruncated }) => {
      if (nameTruncated || valueTruncated) fail(invalid(name, 'is too long'))
      else if (lists.includes(name) && Object.hasOwn(fields, name)) fields[name] += `,${value}`
      else if (name === '__proto__' || Object.hasOwn(fields, name)) fail(invalid(name, 'is given twice'))
      else fields[name] = value
    })
    form.on('file', (name, stream, { filename }) => {
      // Whoever reads it sees what it was destroyed with; when nobody does, that must not end the process.
      stream.on('error', () => undefined)
      // The rest of a chunk that failed is still parsed.
      if (failed) return void stream.resume()
      if (name !== fileField) {
        stream.resume()
        return fail(invalid(name, `the file belongs in the field ${fileField}`))
      }
      stream.on('limit', () => stream.destroy(tooLarge()))
      taking = take({ fileName: filename ?? '', bytes: stream })
      taking.catch((error: unknown) => fail(error as Error))
    })
    form.on('fieldsLimit', () => fail(invalid('', `has more than ${maxFields} fields`)))
    form.on('filesLimit', () => fail(invalid(fileField, 'has more than one file')))
    form.on('error', (error: Error) => fail(error instanceof Problem ? error : invalid('', error.message)))
    form.on('close', () => {
      if (failed) return
      signal.removeEventListener('abort', gone)
      if (!taking) return reject(invalid(fileField, 'is required'))
      taking.then((taken) => resolve({ fields, taken }), reject)
    })
    raw.pipe(form)
  })
}
