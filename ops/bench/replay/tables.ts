import { rmSync } from 'node:fs'
import path from 'node:path'
import pLimit from 'p-limit'
import { projections } from '../../../projections/all.ts'
import { tableOf } from '../../../projections/engine/projection.ts'
import { makeIndexes } from '../../../projections/engine/shape.ts'
import { connectAlone } from '../../platform/database.ts'
import { attachedConfig } from '../../roles/environment.ts'

// What Postgres alone needs for the tables of a rebuild: their rows from files on its own disk, keys, indexes, two tables at a time, and a
// checkpoint. Nothing is read from a log and nothing folded: `tables.ts DATA_DIR`, after a rebuild.
const [dataDir = ''] = process.argv.slice(2)
const { DATABASE_URL } = attachedConfig({ DATA_DIR: dataDir })!
const connect = () => connectAlone(DATABASE_URL, () => undefined)
const client = await connect()
const folder = (await client.query<{ data_directory: string }>('show data_directory')).rows[0]!.data_directory
const schema = 'bench_tables'
const all = projections.map((projection) => {
  const table = tableOf(projection)
  return { projection, table, file: path.join(folder, `${table}.bench`) }
})
await client.query(`create schema ${schema}`)
for (const { table, file } of all) {
  await client.query(`copy public.${table} to '${file}'`)
  await client.query(`create table ${schema}.${table} (like public.${table})`)
}
await client.query('checkpoint')

const limit = pLimit(2)
const began = performance.now()
await Promise.all(all.map((one) => limit(filled, one)))
await client.query('checkpoint')
const ms = performance.now() - began

await client.query(`drop schema ${schema} cascade`)
await client.end()
for (const { file } of all) rmSync(file, { force: true })
process.stdout.write(`${JSON.stringify({ ms })}\n`)

async function filled({ projection, table, file }: (typeof all)[number]): Promise<void> {
  const own = await connect()
  const key = await own.query<{ definition: string }>(
    `select pg_get_constraintdef(oid) as definition from pg_constraint where conrelid = $1::regclass and contype = 'p'`,
    [`public.${table}`],
  )
  await own.query(
    `set search_path = ${schema}; set synchronous_commit = off; set maintenance_work_mem = '256MB'; begin; truncate ${table}`,
  )
  await own.query(`copy ${table} from '${file}' with (freeze)`)
  await own.query(`alter table ${table} add ${key.rows[0]!.definition}`)
  await makeIndexes(own, projection)
  await own.query('commit')
  await own.query(`analyze ${table}`)
  await own.end()
}
