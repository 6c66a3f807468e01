import type { Answered } from './api.ts'

export const tusPath = '/api/v1/uploads/resumable'
const tusVersion = { 'Tus-Resumable': '1.0.0' }

/** As a client writes Upload-Metadata. */
export const metadataOf = (fields: Readonly<Record<string, string>>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join()

type Headings = Record<string, string>

/** The requests of tus 1.0, one by one. */
export const tus = (url: string, credentials: Headings) => {
  async function send(method: string, path: string, headers: Headings, body?: Buffer): Promise<Answered> {
    const response = await fetch(url + path, {
      method,
      headers: { ...credentials, ...tusVersion, ...headers },
      ...(body && { body: new Uint8Array(body) }),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    const told = { status: response.status, headers: response.headers, bytes }
    return { ...told, body: bytes.length > 0 ? JSON.parse(bytes.toString()) : undefined }
  }
  return {
    create: (length: number, fields: Readonly<Record<string, string>> = {}, headers: Headings = {}) =>
      send('POST', tusPath, {
        'Upload-Length': String(length),
        ...(Object.keys(fields).length > 0 && { 'Upload-Metadata': metadataOf(fields) }),
        ...headers,
      }),
    head: (path: string) => send('HEAD', path, {}),
    patch: (path: string, offset: number, bytes: Buffer, headers: Headings = {}) =>
      send(
        'PATCH',
        path,
        { 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream', ...headers },
        bytes,
      ),
    remove: (path: string) => send('DELETE', path, {}),
  }
}

export type Tus = ReturnType<typeof tus>

/** Where it is, once it was announced. */
export const located = ({ status, headers, bytes }: Answered): string => {
  if (status !== 201) throw new Error(`${status}: ${bytes.toString()}`)
  return headers.get('Location')!
}

/** What the object store has below a prefix. */
export async function keysBelow(objects: { keys(prefix: string): AsyncIterable<string> }, prefix: string) {
  const keys: string[] = []
  for await (const key of objects.keys(prefix)) keys.push(key)
  return keys
}
