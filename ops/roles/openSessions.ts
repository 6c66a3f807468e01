import { type Database, isAway, queryBuilder, rowsOf } from '../platform/database.ts'

/** The ids of a user's sessions that the read model has as open; none while Postgres is away. */
export const openSessionsIn =
  (database: Database) =>
  async (user_id: string): Promise<string[]> => {
    try {
      const open = queryBuilder('sessions').where({ user_id, status: 'open' }).select('id')
      return (await rowsOf<{ id: string }>(database, open)).map(({ id }) => id)
    } catch (error) {
      if (isAway(error)) return []
      throw error
    }
  }
