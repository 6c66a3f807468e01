import { KurrentDBClient } from '@kurrent/kurrentdb-client'
import type { PersistentAction } from '@kurrent/kurrentdb-client'

/**
 * A process for @kurrent/kurrentdb-client's calls about persistent subscriptions (see `kurrentProcess.ts` for why it is one). `take` joins a
 * group, answers the messages it gets one after the other as it is told, and leaves.
 */
export interface Asked {
  id: number
  method: 'take' | 'create' | 'info' | 'list' | 'replay' | 'remove'
  args: unknown[]
}

const client = KurrentDBClient.connectionString(process.argv[2]!)

async function take(stream: string, group: string, answers: readonly ('ack' | PersistentAction)[]) {
  const subscription = client.subscribeToPersistentSubscriptionToStream(stream, group, { bufferSize: answers.length })
  const taken: { revision: number; retryCount: number }[] = []
  for await (const event of subscription) {
    const answer = answers[taken.length]!
    taken.push({ revision: Number(event.event!.revision), retryCount: event.retryCount })
    await (answer === 'ack' ? subscription.ack(event) : subscription.nack(answer, 'because', event))
    if (taken.length === answers.length) break
  }
  // What was answered must have been heard before the call is over.
  for (;;) {
    const { connections } = await client.getPersistentSubscriptionToStreamInfo(stream, group, {})
    if (connections.every(({ inFlightMessages }) => inFlightMessages === 0)) break
  }
  await subscription.unsubscribe()
  return taken
}

const methods: Record<Asked['method'], (...args: never[]) => Promise<unknown>> = {
  take,
  create: client.createPersistentSubscriptionToStream.bind(client),
  info: client.getPersistentSubscriptionToStreamInfo.bind(client),
  list: client.listPersistentSubscriptionsToStream.bind(client),
  replay: client.replayParkedMessagesToStream.bind(client),
  remove: client.deletePersistentSubscriptionToStream.bind(client),
}

process.on('message', ({ id, method, args }: Asked) => {
  methods[method](...(args as never[])).then(
    (result) => process.send!({ id, result }),
    ({ message, type }: Error & { type?: string }) => process.send!({ id, error: { message, type } }),
  )
})
process.on('disconnect', () => void client.dispose().finally(() => process.exit()))
