import { randomUUID } from 'node:crypto'
import type { NewEvent } from '../log/record.ts'
import type { StoredEvent } from '../log/storedEvent.ts'
import { visible } from './cursors.ts'
import type { Stores } from './cursors.ts'
import { isTooLong } from './names.ts'
import { StreamDeleted } from '../refusal.ts'

/** The type of an event that stands for another one; its data is `<revision>@<stream>`. */
export const LINK = '$>'

export const linkTo = (stream: string, revision: number, customMetadata = Buffer.alloc(0)): NewEvent => ({
  id: randomUUID(),
  type: LINK,
  contentType: 'text/plain',
  data: Buffer.from(`${revision}@${stream}`),
  customMetadata,
})

/** For what no client is given. */
export const everyStream = () => true

/** What a reader is given: an event, and the link it was found by; a link whose event is gone comes alone. */
export interface Resolved {
  event: StoredEvent | undefined
  link: StoredEvent | undefined
}

/** Links are followed once: what a link points at is given as it is, even if it is a link. What the reader may not read is not given. */
export function resolve(stores: Stores, event: StoredEvent, mayRead: (stream: string) => boolean): Resolved {
  if (event.type !== LINK) return { event, link: undefined }
  return { event: pointedAt(stores, event.data.toString('utf8'), mayRead), link: event }
}

function pointedAt(stores: Stores, text: string, mayRead: (stream: string) => boolean): StoredEvent | undefined {
  const [, revision, stream] = /^(\d+)@(.+)$/s.exec(text) ?? []
  if (!revision || !stream || isTooLong(stream) || !mayRead(stream)) return undefined
  let createdAfter: number
  try {
    const seen = visible(stores, stream)
    if (!seen || Number(revision) < seen.first) return undefined
    createdAfter = seen.createdAfter
  } catch (error) {
    if (error instanceof StreamDeleted) return undefined
    throw error
  }
  const event = stores.heads.stored(stream, Number(revision))
  return event && event.created >= createdAfter ? event : undefined
}
