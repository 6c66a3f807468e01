import { expect } from 'chai'
import { contractAt } from './openapi.ts'

export interface Answered {
  status: number
  headers: Headers
  body: any
  bytes: Buffer
}

type Headings = Record<string, string>
type Fields = Record<string, string>

/** The front door, as a client sees it. Every answer is held against what the server's own document promises. */
export interface Api {
  get(path: string, headers?: Headings): Promise<Answered>
  head(path: string, headers?: Headings): Promise<Answered>
  post(path: string, body?: unknown, headers?: Headings): Promise<Answered>
  put(path: string, body?: unknown, headers?: Headings): Promise<Answered>
  patch(path: string, body?: unknown, headers?: Headings): Promise<Answered>
  delete(path: string, headers?: Headings): Promise<Answered>
  /** A form with the bytes in its field `file`, behind the fields. */
  form(path: string, bytes: Buffer, fields?: Fields, headers?: Headings & { fileName?: string }): Promise<Answered>
  upload(bytes: Buffer, fields?: Fields, headers?: Headings & { fileName?: string }): Promise<Answered>
}

export function apiOf(url: string, credentials: Headings = {}): Api {
  async function send(
    method: string,
    path: string,
    headers: Headings = {},
    body?: string | FormData,
  ): Promise<Answered> {
    const response = await fetch(url + path, {
      method,
      headers: { ...credentials, ...headers },
      ...(body !== undefined && { body }),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    const mediaType = (response.headers.get('Content-Type') ?? '').split(';')[0]!
    const json = /\bjson$/.test(mediaType)
    const answer = {
      status: response.status,
      headers: response.headers,
      bytes,
      body: json && bytes.length > 0 ? JSON.parse(bytes.toString()) : undefined,
    }
    ;(await contractAt(url))?.check(method, path, { ...answer, mediaType })
    return answer
  }
  const sendJson = (method: string, path: string, body: unknown = {}, headers: Headings = {}) =>
    send(
      method,
      path,
      { 'Content-Type': 'application/json', ...headers },
      typeof body === 'string' ? body : JSON.stringify(body),
    )
  const sendForm: Api['form'] = (path, bytes, fields = {}, { fileName = 'image.bin', ...headers } = {}) => {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.set(name, value)
    form.set('file', new Blob([new Uint8Array(bytes)]), fileName)
    return send('POST', path, headers, form)
  }
  return {
    get: (path, headers) => send('GET', path, headers),
    head: (path, headers) => send('HEAD', path, headers),
    post: (path, body, headers) => sendJson('POST', path, body, headers),
    put: (path, body, headers) => sendJson('PUT', path, body, headers),
    patch: (path, body, headers) => sendJson('PATCH', path, body, headers),
    delete: (path, headers) => send('DELETE', path, headers),
    form: sendForm,
    upload: (bytes, fields, headers) =>
      sendForm('/api/v1/uploads', bytes, fields, { fileName: 'recording.wav', ...headers }),
  }
}

/** A problem document with this status and stable code. */
export function expectProblem(answer: Answered, status: number, code: string): void {
  expect({ status: answer.status, code: answer.body?.code }, answer.bytes.toString()).to.deep.equal({ status, code })
  expect(answer.headers.get('Content-Type')).to.match(/^application\/problem\+json/)
  expect(answer.body.request_id).to.equal(answer.headers.get('X-Request-Id'))
}

/** `Read-After` for what this command has written. */
export const after = (answer: Answered): Headings => ({ 'Read-After': answer.headers.get('Event-Position') ?? '' })
