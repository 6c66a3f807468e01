import { once } from 'node:events'
import * as kurrent from '@kurrent/kurrentdb-client'
import type { Asked, Heard, Told } from './kurrent.ts'

/**
 * The process in which @kurrent/kurrentdb-client runs: its generated messages and those of @eventstore/db-client have the same
 * global names, so that one process can hold only one of the two.
 */
const client = kurrent.KurrentDBClient.connectionString(process.argv[2]!)
const tell = (told: Told) => process.send!(told)

/** What `make` asked for is made by the package's own functions. */
function made(value: unknown, checkpoints: unknown[]): unknown {
  if (Array.isArray(value)) return value.map((each) => made(each, checkpoints))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const { $make, ...rest } = value as { $make?: 'jsonEvent' }
  if ($make) {
    const checkpointReached = (_: unknown, position: unknown) => void checkpoints.push(position)
    return kurrent[$make]({ ...rest, ...($make.endsWith('Event') ? {} : { checkpointReached }) } as never)
  }
  return Object.fromEntries(Object.entries(rest).map(([name, each]) => [name, made(each, checkpoints)]))
}

async function followed(subscription: kurrent.StreamSubscription, { id, last }: Asked): Promise<Heard> {
  const heard: Heard = { events: [], order: [], checkpoints: [] }
  for (const name of ['confirmation', 'caughtUp'] as const) subscription.on(name, () => heard.order.push(name))
  void once(subscription, 'confirmation').then(() => tell({ id, confirmed: true }))
  for await (const event of subscription) {
    heard.events.push(event)
    heard.order.push('event')
    if (heard.events.length === last?.count || event.event?.type === last?.type) break
  }
  await subscription.unsubscribe()
  return heard
}

async function answer(asked: Asked): Promise<unknown> {
  const checkpoints: unknown[] = []
  const args = made(asked.args, checkpoints) as never[]
  const result = (client[asked.method] as (...args: never[]) => unknown)(...args)
  if (asked.last) return { ...(await followed(result as kurrent.StreamSubscription, asked)), checkpoints }
  if (!asked.method.startsWith('read')) return result
  const read: unknown[] = []
  for await (const event of result as AsyncIterable<unknown>) read.push(event)
  return read
}

process.on('message', (asked: Asked) => {
  answer(asked).then(
    (result) => tell({ id: asked.id, result }),
    (error: Error & { type?: string }) => tell({ id: asked.id, error: { message: error.message, type: error.type } }),
  )
})
process.on('disconnect', () => void client.dispose().finally(() => process.exit()))
