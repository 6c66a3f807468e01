import type { FailedJobs } from '../../commands/jobSteering.ts'
import { type Database, queryBuilder, rowsOf } from '../platform/database.ts'

/** The ids of failed jobs as this read model of jobs has them, oldest first. */
export const failedJobsIn =
  (database: Database, readModel: 'transcode_jobs' | 'inference_jobs'): FailedJobs =>
  async (matching, limit) => {
    const found = queryBuilder(readModel)
      .where({ status: 'failed', ...matching })
      .orderBy(['requested_at', 'id'])
      .limit(limit)
      .select('id')
    return (await rowsOf<{ id: string }>(database, found)).map(({ id }) => id)
  }
