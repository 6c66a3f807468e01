import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { breaksOf } from './migrationRules.ts'
import { MigrationError, readMigrations, wouldApply } from './migrations.ts'
import { dumpSchema } from './schemaDump.ts'

/**
 * All that can be said of migrations before they land, in sentences: their order, what the release before could not go on with, whether they apply
 * to an empty database and to this one (in which nothing is changed), whether `schema.sql` is what they make.
 * @returns how many of them this database lacks
 */
export async function checkMigrations(
  url: string,
  directory: string,
): Promise<{ missing: string[]; faults: string[] }> {
  const faults: string[] = []
  const noting = async (act: () => Promise<void>) =>
    act().catch((error: unknown) => {
      if (!(error instanceof MigrationError)) throw error
      faults.push(error.message)
    })
  let missing: string[] = []
  await noting(async () => {
    for (const migration of readMigrations(directory)) faults.push(...breaksOf(migration))
    await noting(async () => void (missing = await wouldApply(url, directory)))
    const schema = await dumpSchema(url, directory)
    if (schema !== readFileSync(join(directory, 'schema.sql'), 'utf8'))
      faults.push('schema.sql is not what they make: npm run schema:dump')
  })
  return { missing, faults }
}
