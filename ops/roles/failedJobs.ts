import type { FailedJobs } from '../../commands/transcodeJobs.ts'
import { type Database, queryBuilder, rowsOf } from '../platform/database.ts'

/** The ids of failed transcode jobs as the read model has them, oldest first. */
export const failedJobsIn =
  (database: Database) =>
  async (matching: FailedJobs, limit: number): Promise<string[]> => {
    const found = queryBuilder('transcode_jobs')
      .where({ status: 'failed', ...matching })
      .orderBy(['requested_at', 'id'])
      .limit(limit)
      .select('id')
    return (await rowsOf<{ id: string }>(database, found)).map(({ id }) => id)
  }
