import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Answered, Api } from '../api.ts'
import type { System } from '../system.ts'

export type Change = [type: string, data: Record<string, unknown>]

/** Appends an event for which there is no command yet; gives its position. */
export async function append({ store }: System, stream: string, [type, data]: Change, schema = 1): Promise<bigint> {
  const last = (await store.read(stream)).length - 1
  const event = { id: randomUUID(), type, data, metadata: { schema, actor: { kind: 'system', id: 'spec' } } }
  return (await store.append(stream, [event], last < 0 ? 'no_stream' : last)).position
}

/** Minutes after a time, as ISO text. */
export const minutesAfter = (time: string, minutes: number) =>
  new Date(Date.parse(time) + minutes * 60_000).toISOString()

export const asOf = (api: Api, path: string, when: string | bigint, headers?: Record<string, string>) =>
  api.get(`${path}?as_of=${encodeURIComponent(String(when))}`, headers)

/** The same status and the very same bytes. */
export function expectSame(answer: Answered, other: Answered, what: string): void {
  expect(answer.status, `${what}: ${answer.bytes}`).to.equal(other.status)
  expect(answer.bytes.toString(), what).to.equal(other.bytes.toString())
}

/** A resource after each of its changes, as the plain GET answered then. */
export interface Walked {
  path: string
  /** The first is the resource as it was made. */
  stops: { position: bigint; at: string; answer: Answered }[]
}

/** Makes the changes one by one, and asks after each; its last event so far is `start`, else that of its own stream. */
export async function walk(
  system: System,
  path: string,
  stream: string,
  changes: readonly Change[],
  start?: { position: string; at: string },
): Promise<Walked> {
  const plain = (position: bigint) => system.admin.get(path, { 'Read-After': String(position) })
  const position = start ? BigInt(start.position) : (await system.store.read(stream)).at(-1)!.position
  const answer = await plain(position)
  const stops = [{ position, at: start?.at ?? (answer.body.created_at as string), answer }]
  for (const change of changes) {
    const position = await append(system, stream, change)
    const at = Object.entries(change[1]).find(([field]) => field.endsWith('_at') && field !== 'previous_valid_until')!
    stops.push({ position, at: at[1] as string, answer: await plain(position) })
  }
  return { path, stops }
}

/** As of each stop, and between any two, by position and by time, the answer is what the plain GET was. */
export async function expectWalked({ admin }: System, { path, stops }: Walked): Promise<void> {
  for (const [i, { position, at, answer }] of stops.entries()) {
    const next = stops[i + 1]
    expectSame(await asOf(admin, path, position), answer, `at its position ${i}`)
    expectSame(await asOf(admin, path, at), answer, `at its time ${i}`)
    if (!next) continue
    expectSame(await asOf(admin, path, next.position - 1n), answer, `right before position ${i + 1}`)
    expectSame(
      await asOf(admin, path, new Date(Date.parse(next.at) - 1).toISOString()),
      answer,
      `right before time ${i + 1}`,
    )
  }
  const now = await admin.get(path)
  for (const beyond of ['9999-12-31T23:59:59Z', '99999999999999999999'])
    expectSame(await asOf(admin, path, beyond), now, `as of ${beyond}`)
  expectSame(now, stops.at(-1)!.answer, 'nothing has changed since')
}
