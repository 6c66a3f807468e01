import createClient from 'openapi-fetch'
import { createSession } from '../session.ts'
import { consistently } from './consistent.ts'
import { errorOf } from './problem.ts'
import type { components, paths } from './schema.ts'

export type Schemas = components['schemas']

const key = 'xylolabs.refresh_token'

let queue: Promise<unknown> = Promise.resolve()
/** Across tabs where the browser can (secure origins), else within this one: the server forgives two that were sent at once. */
function exclusively<Result>(act: () => Promise<Result>): Promise<Result> {
  if ('locks' in navigator) return navigator.locks.request(key, act) as Promise<Result>
  const done = queue.then(act, act)
  queue = done.catch(() => undefined)
  return done
}

export const session = createSession({
  fetch: (request) => fetch(request),
  origin: location.origin,
  storage: {
    get: () => localStorage.getItem(key),
    set: (value) => localStorage.setItem(key, value),
    remove: () => localStorage.removeItem(key),
  },
  exclusively,
  now: Date.now,
})

addEventListener('storage', (event) => {
  if (event.key === key || event.key === null) void session.changedElsewhere()
})

/** As the person whose session it is. */
export const send = consistently(session.send)

export const api = createClient<paths>({ baseUrl: location.origin, fetch: send })

interface Answered<Data> {
  data?: Data
  error?: unknown
  response: Response
}

/** What was answered; throws an ApiError where it was refused. */
export async function answer<Data>(asked: Promise<Answered<Data>>): Promise<Data> {
  const { data, error, response } = await asked
  if (response.ok) return data as Data
  // The body has been read already.
  throw await errorOf(new Response(typeof error === 'string' ? error : JSON.stringify(error), response))
}

/** Bytes of the API, as this person. */
export async function bytesAt(path: string, signal?: AbortSignal): Promise<Blob> {
  const response = await send(new Request(location.origin + path, signal ? { signal } : {}))
  if (!response.ok) throw await errorOf(response)
  return response.blob()
}

/** Lets the browser keep what the API answers, under this name. */
export async function download(path: string, name: string): Promise<void> {
  const url = URL.createObjectURL(await bytesAt(path))
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/**
 * A form with a file, with what has gone out so far; `fetch` does not tell.
 * @param onSent from 0 to 1
 */
export async function sendForm<Answer>(
  path: string,
  form: FormData,
  onSent: (share: number) => void,
  signal: AbortSignal,
): Promise<Answer> {
  const token = await session.token()
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.upload.onprogress = ({ loaded, total }) => onSent(total > 0 ? loaded / total : 0)
    request.onerror = () => reject(new TypeError('The connection broke'))
    request.onabort = () => reject(new DOMException('Cancelled', 'AbortError'))
    request.onload = () => {
      if (request.status < 300) return resolve(JSON.parse(request.responseText) as Answer)
      const refused = new Response(request.responseText, { status: request.status, statusText: request.statusText })
      void errorOf(refused).then(reject)
    }
    signal.addEventListener('abort', () => request.abort())
    request.send(form)
  })
}
