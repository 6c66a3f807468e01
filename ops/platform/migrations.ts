import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { postgreSplitterOptions, splitQuery } from 'dbgate-query-splitter'
import createKnex, { type Knex } from 'knex'
import { root } from './root.ts'

export interface Migration {
  file: string
  sql: string
  sha256: string
}

export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/** The repository's own. */
export const migrationsDirectory = join(root, 'migrations')

const pattern = /^(\d{14})_[a-z0-9]+(?:_[a-z0-9]+)*\.sql$/

/** The files of a folder in order. Refuses bad names and prefixes that repeat, which have no defined order. */
export function readMigrations(directory: string): Migration[] {
  const files = readdirSync(directory)
    .filter((file) => file.endsWith('.sql') && file !== 'schema.sql')
    .sort()
  const faults = files
    .filter((file) => !pattern.test(file))
    .map((file) => `${file} is not YYYYMMDDHHMMSS_<snake_case>.sql`)
  files.forEach((file, i) => {
    if (file.slice(0, 14) === files[i - 1]?.slice(0, 14)) faults.push(`${file} repeats the prefix of ${files[i - 1]}`)
  })
  if (faults.length > 0) throw new MigrationError(`Migrations are not in strict order:\n  ${faults.join('\n  ')}`)
  return files.map((file) => {
    const sql = readFileSync(join(directory, file), 'utf8')
    return { file, sql, sha256: createHash('sha256').update(sql).digest('hex') }
  })
}

// "xylolabs" as a number: whoever migrates holds this lock.
const lock = '8675309117'

/**
 * Applies what is missing, all of it or nothing, with its checksums, under an advisory lock.
 * Throws MigrationError with the file, the statement and Postgres's own words.
 * @returns the files applied now
 */
export async function migrate(url: string, directory: string): Promise<string[]> {
  const migrations = readMigrations(directory)
  const applied: string[] = []
  const database = createKnex({
    client: 'pg',
    connection: url,
    pool: { min: 0, max: 1 },
    // What fails is thrown; knex would also print it.
    log: { error: () => undefined, warn: () => undefined },
    migrations: { tableName: 'knex_migrations', disableMigrationsListValidation: true },
  })
  try {
    await database.raw('select pg_advisory_lock(?)', [lock])
    await database.raw(
      'create table if not exists migration_checksums (file text primary key, sha256 text not null, applied_at timestamptz not null default now())',
    )
    check(migrations, await recordedIn(database))
    await database.migrate.latest({
      disableTransactions: false,
      migrationSource: {
        getMigrations: () => Promise.resolve(migrations),
        getMigrationName: ({ file }: Migration) => file,
        getMigration: ({ file, sql, sha256 }: Migration) =>
          Promise.resolve({
            up: async (transaction: Knex) => {
              for (const statement of splitQuery(sql, postgreSplitterOptions) as string[])
                await transaction.raw(statement.replaceAll('?', '\\?')).catch((error: Error) => {
                  const words = error.message.split(' - ').at(-1)
                  throw new MigrationError(`${file} failed: ${words}\n  ${statement.replaceAll('\n', '\n  ')}`)
                })
              await transaction('migration_checksums').insert({ file, sha256 })
              applied.push(file)
            },
            down: () => Promise.reject(new MigrationError('Migrations only go forward')),
          }),
      },
    })
    return applied
  } finally {
    await database.destroy()
  }
}

/** Which files `migrate` would apply; changes nothing. Throws MigrationError where it would refuse them. */
export async function wouldApply(url: string, directory: string): Promise<string[]> {
  const migrations = readMigrations(directory)
  const database = createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 1 } })
  try {
    const [{ there }] = (await database.raw(`select to_regclass('migration_checksums') is not null as there`)).rows as [
      { there: boolean },
    ]
    const recorded = there ? await recordedIn(database) : []
    check(migrations, recorded)
    const known = new Set(recorded.map(({ file }) => file))
    return migrations.flatMap(({ file }) => (known.has(file) ? [] : [file]))
  } finally {
    await database.destroy()
  }
}

type Recorded = Pick<Migration, 'file' | 'sha256'>

const recordedIn = async (database: Knex): Promise<Recorded[]> =>
  (await database.raw('select file, sha256 from migration_checksums')).rows as Recorded[]

function check(migrations: readonly Migration[], recorded: readonly Recorded[]) {
  const byFile = new Map(migrations.map((migration) => [migration.file, migration]))
  const newest =
    recorded
      .map(({ file }) => file)
      .sort()
      .at(-1) ?? ''
  const known = new Set(recorded.map(({ file }) => file))
  for (const { file, sha256 } of recorded) {
    const migration = byFile.get(file)
    if (!migration)
      throw new MigrationError(`${file} was applied but is not here: an older version must not run on this database`)
    if (migration.sha256 !== sha256)
      throw new MigrationError(`${file} was changed after it had been applied: restore it and write a new migration`)
  }
  for (const { file } of migrations)
    if (!known.has(file) && file < newest)
      throw new MigrationError(`${file} comes before ${newest}, which is applied: give it a newer prefix`)
}
