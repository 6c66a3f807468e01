import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { migrate } from './migrations.ts'

/** What a migrated database looks like, as text: made in a scratch database of the same server, which is dropped again. */
export async function dumpSchema(url: string, migrationsDirectory: string): Promise<string> {
  const scratch = `schema_dump_${randomBytes(4).toString('hex')}`
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  try {
    await admin.query(`create database ${scratch}`)
    const scratchUrl = new URL(url)
    scratchUrl.pathname = scratch
    await migrate(scratchUrl.href, migrationsDirectory)
    return await describe(scratchUrl.href)
  } finally {
    await admin.query(`drop database if exists ${scratch} with (force)`)
    await admin.end()
  }
}

const bookkeeping = ['knex_migrations', 'knex_migrations_lock', 'migration_checksums']

async function describe(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: columns } = await client.query<{
      table: string
      column: string
      type: string
      required: boolean
      value: string | null
    }>(
      `select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
              pg_get_expr(d.adbin, d.adrelid) as value
       from pg_class c
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
       where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> all($1)
       order by c.relname, a.attnum`,
      [bookkeeping],
    )
    const { rows: indexes } = await client.query<{ table: string; definition: string }>(
      `select tablename as table, indexdef as definition from pg_indexes where schemaname = 'public' and tablename <> all($1) order by tablename, indexname`,
      [bookkeeping],
    )
    const tables = [...new Set(columns.map(({ table }) => table))]
    const texts = tables.map((table) => {
      const lines = columns
        .filter((column) => column.table === table)
        .map(
          ({ column, type, required, value }) =>
            `  ${column} ${type}${required ? ' not null' : ''}${value === null ? '' : ` default ${value}`}`,
        )
      const own = indexes.filter((index) => index.table === table).map(({ definition }) => `${definition};`)
      return [`create table ${table} (\n${lines.join(',\n')}\n);`, ...own].join('\n')
    })
    return `-- Written by \`npm run schema:dump\` after the last migration. Not run by anyone: see the migrations.\n\n${texts.join('\n\n')}\n`
  } finally {
    await client.end()
  }
}
