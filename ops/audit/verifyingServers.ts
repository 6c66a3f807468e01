import { EventStoreDBClient } from '@eventstore/db-client'
import type { Config } from '../platform/config.ts'
import { connectDatabase } from '../platform/database.ts'
import { migrate, migrationsDirectory } from '../platform/migrations.ts'
import { endOfLog } from '../platform/rawEvents.ts'
import { type VerifiedChain, verifyLog } from './verifying.ts'

/** The log and what was kept of its chain, on the servers of this configuration. */
export async function verifyServers(
  config: Config,
  head: string | undefined,
  onProgress: (done: number, total: number) => void,
): Promise<VerifiedChain> {
  await migrate(config.DATABASE_URL, migrationsDirectory)
  const database = connectDatabase({ url: config.DATABASE_URL, maxConnections: 1, onError: () => undefined })
  const client = EventStoreDBClient.connectionString(config.EVENTSTORE_URL)
  try {
    const end = Number((await endOfLog(client)) ?? 0n)
    return await verifyLog({ client, database, head, onProgress: (position) => onProgress(Number(position), end) })
  } finally {
    await Promise.all([database.end(), client.dispose()])
  }
}
