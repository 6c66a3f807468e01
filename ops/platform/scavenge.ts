import { EventStoreDBClient, type ResolvedEvent } from '@eventstore/db-client'
import { OperationsClient } from '@eventstore/db-client/generated/operations_grpc_pb.js'
import operations from '@eventstore/db-client/generated/operations_pb.js'
import { letGo } from './eventStoreStreams.ts'

/**
 * Lets the event store at `url` (`esdb://…`) drop the events that no stream shows any more, and waits until it has. Returns the bytes
 * freed. Throws what the store says, e.g. that a scavenge is already running.
 */
export async function scavenge(url: string): Promise<number> {
  const client = EventStoreDBClient.connectionString(url)
  try {
    return await completed(client, await start(client))
  } finally {
    await client.dispose()
  }
}

/** The id of the scavenge. The client has no word for this, only what its words are made of. */
function start(client: EventStoreDBClient): Promise<string> {
  const options = new operations.StartScavengeReq.Options()
  options.setThreadCount(1)
  const request = new operations.StartScavengeReq()
  request.setOptions(options)
  return client['execute'](
    OperationsClient,
    'startScavenge',
    (grpc) =>
      new Promise((resolve, reject) => {
        grpc.startScavenge(request, ...client['callArguments']({}), (error, answer) => {
          if (error) reject(error)
          else resolve(answer.getScavengeId())
        })
      }),
  )
}

async function completed(client: EventStoreDBClient, id: string): Promise<number> {
  const events = client.subscribeToStream(`$scavenges-${id}`)
  try {
    for await (const { event } of events.iterator({ destroyOnReturn: false }) as AsyncIterable<ResolvedEvent>) {
      if (event?.type !== '$scavengeCompleted') continue
      const { result, error, spaceSaved } = event.data as { result: string; error: string; spaceSaved: number }
      if (result !== 'Success') throw new Error(`The scavenge ended: ${error}`)
      return spaceSaved
    }
    throw new Error(`The event store stopped before the scavenge ${id} was done`)
  } finally {
    await letGo(events, () => events.unsubscribe())
  }
}
