import { crc32 } from 'node:zlib'
import { varintLength, writeVarint } from '../wire/varint.ts'

/**
 * The storage format: a log is a row of segments, a segment is a header and then records. Never edit it in place: raise
 * FORMAT_VERSION and read both.
 *
 *   segment  header · records · places, if it was scavenged (see `places.ts`)
 *   header   magic (8) · format version u32 · how often scavenged u32 · log id (16)
 *   record   magic u32 · length u32 · crc32 u32 of all that follows · distance u32 · position u48 · u16: 1 if events were scavenged out of it · events
 *   event    length u32 · offset in its record u32 · created (ms) u48 · 2 zero bytes · RecordedEvent
 *
 * Integers are little-endian, lengths include their own head. One record is one append. `position` is the record's own offset in the
 * log as it was written, its head included: stale bytes cannot pass for a record. A scavenge drops events out of records and
 * records out of segments, and changes no position. `distance` is how far behind the start of its flush the record lies: everything
 * before that start was durable when it was written, which tells a torn tail from damage.
 * RecordedEvent is the protocol's own message in this field order: id, stream, revision, type, content type, created, custom
 * metadata, data. Its positions are left out (they follow from where it lies), so reading is copying.
 */
export const FORMAT_VERSION = 2 // 1 had one segment and no scavenges
export const LOG_HEAD = 32
export const RECORD_HEAD = 24
export const EVENT_HEAD = 16
const RECORD_MAGIC = Buffer.from([0xe5, 0x5e, 0xc0, 0x4d])
const RECORD_MAGIC_NUMBER = RECORD_MAGIC.readUInt32LE(0)
const SCAVENGED = 1
/** Far above the append limit; a longer "length" is damage. */
export const MAX_RECORD = 64 * 1024 * 1024

/** A tombstone's revision is 2^63 - 1 on the wire; the nearest double is 2^63. */
export const TOMBSTONE_REVISION = 2 ** 63
const TOMBSTONE_VARINT = Buffer.from('ffffffffffffffff7f', 'hex')

export interface NewEvent {
  /** A lower-case UUID. */
  id: string
  type: string
  contentType: string
  customMetadata: Buffer
  data: Buffer
}

export interface PlacedEvent extends NewEvent {
  stream: string
  revision: number
}

/** At least as many bytes as `writeRecord` will write. */
export function recordCapacity(events: readonly PlacedEvent[]): number {
  let total = RECORD_HEAD
  for (const event of events) {
    const text = event.stream.length + event.type.length + event.contentType.length
    total += EVENT_HEAD + 200 + text * 3 + event.customMetadata.length + event.data.length
  }
  return total
}

function writeField(bytes: Buffer, at: number, tag: number, value: Buffer): number {
  bytes[at++] = tag
  at = writeVarint(bytes, at, value.length)
  return at + value.copy(bytes, at)
}

/** Few types and content types are written over and over. */
const entries = new Map<string, Buffer>()
const MAX_ENTRIES = 10_000

function writeKnownEntry(bytes: Buffer, at: number, key: string, value: string): number {
  const name = key + value
  let entry = entries.get(name)
  if (!entry) {
    const written = Buffer.allocUnsafe(20 + key.length + value.length * 3)
    entry = Buffer.from(written.subarray(0, writeMapEntry(written, 0, key, value)))
    if (entries.size < MAX_ENTRIES && entry.length < 256) entries.set(name, entry)
  }
  bytes.set(entry, at)
  return at + entry.length
}

function writeMapEntry(bytes: Buffer, at: number, key: string, value: string): number {
  const valueLength = Buffer.byteLength(value)
  bytes[at++] = 0x32
  at = writeVarint(bytes, at, 2 + key.length + 1 + varintLength(valueLength) + valueLength)
  bytes[at++] = 0x0a
  bytes[at++] = key.length
  at += bytes.write(key, at, 'latin1')
  bytes[at++] = 0x12
  at = writeVarint(bytes, at, valueLength)
  return at + bytes.write(value, at)
}

function writeEvent(bytes: Buffer, recordAt: number, start: number, event: PlacedEvent, created: number): number {
  bytes.writeUInt32LE(start - recordAt, start + 4)
  bytes.writeUIntLE(created, start + 8, 6)
  bytes.writeUInt16LE(0, start + 14)
  let at = start + EVENT_HEAD
  bytes.writeUInt32BE(0x0a261224, at) // id (1) of 38 bytes: string (2) of 36
  at += 4
  at += bytes.write(event.id, at, 'latin1')
  const nameLength = Buffer.byteLength(event.stream)
  bytes[at++] = 0x12
  at = writeVarint(bytes, at, 1 + varintLength(nameLength) + nameLength)
  bytes[at++] = 0x1a
  at = writeVarint(bytes, at, nameLength)
  at += bytes.write(event.stream, at)
  bytes[at++] = 0x18
  if (event.revision === TOMBSTONE_REVISION) at += TOMBSTONE_VARINT.copy(bytes, at)
  else at = writeVarint(bytes, at, event.revision)
  at = writeKnownEntry(bytes, at, 'type', event.type)
  at = writeKnownEntry(bytes, at, 'content-type', event.contentType)
  at = writeMapEntry(bytes, at, 'created', `${created}0000`) // in units of 100 ns
  if (event.customMetadata.length > 0) at = writeField(bytes, at, 0x3a, event.customMetadata)
  if (event.data.length > 0) at = writeField(bytes, at, 0x42, event.data)
  bytes.writeUInt32LE(at - start, start)
  return at
}

/** Writes one record at `at`; returns its end and where each event begins, relative to the record. */
export function writeRecord(
  bytes: Buffer,
  at: number,
  place: { position: number; flushStart: number; created: number },
  events: readonly PlacedEvent[],
): { end: number; offsets: number[] } {
  const offsets: number[] = []
  let end = at + RECORD_HEAD
  for (const event of events) {
    offsets.push(end - at)
    end = writeEvent(bytes, at, end, event, place.created)
  }
  RECORD_MAGIC.copy(bytes, at)
  bytes.writeUInt32LE(end - at, at + 4)
  bytes.writeUInt32LE(place.position - place.flushStart, at + 12)
  bytes.writeUIntLE(place.position, at + 16, 6)
  bytes.writeUInt16LE(0, at + 22)
  bytes.writeUInt32LE(crc32(bytes.subarray(at + 12, end)), at + 8)
  return { end, offsets }
}

export const positionAt = (bytes: Buffer, at: number): number => bytes.readUIntLE(at + 16, 6)

/** What the head at `at` says of its record's length; 0 if it is no head. */
export function headLength(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32LE(at + 4)
  return bytes.readUInt32LE(at) === RECORD_MAGIC_NUMBER && length > RECORD_HEAD && length <= MAX_RECORD ? length : 0
}

/**
 * The length of the record at `at` of `bytes`, which must be the one at `position`. 0: not a record, or damaged.
 * A number above what `bytes` holds: read that much and ask again.
 */
export function recordLength(bytes: Buffer, at: number, position: number): number {
  if (bytes.length - at < RECORD_HEAD) return RECORD_HEAD
  const length = headLength(bytes, at)
  if (length === 0 || positionAt(bytes, at) !== position) return 0
  if (length > bytes.length - at) return length
  return crc32(bytes.subarray(at + 12, at + length)) === bytes.readUInt32LE(at + 8) ? length : 0
}

/** The next place at or behind `from` where a record might begin; -1 if there is none. */
export const nextMagic = (bytes: Buffer, from: number): number => bytes.indexOf(RECORD_MAGIC, from)

/** The position at which the flush that wrote this record began. */
export const flushStartOf = (bytes: Buffer, at: number): number => positionAt(bytes, at) - bytes.readUInt32LE(at + 12)

export const isComplete = (record: Buffer): boolean => record.readUInt16LE(22) !== SCAVENGED

/** The record at `at` with none but the given events of it, in a buffer of its own. */
export function recordOf(
  bytes: Buffer,
  at: number,
  events: readonly { at: number; end: number; bytes: Buffer }[],
): Buffer {
  const parts = events.map((event) => event.bytes.subarray(event.at, event.end))
  const record = Buffer.concat([bytes.subarray(at, at + RECORD_HEAD), ...parts])
  record.writeUInt32LE(record.length, 4)
  record.writeUInt16LE(SCAVENGED, 22)
  record.writeUInt32LE(crc32(record.subarray(12)), 8)
  return record
}
