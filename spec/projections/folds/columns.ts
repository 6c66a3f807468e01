import { readdirSync, readFileSync } from 'node:fs'

const migrations = new URL('../../../migrations/', import.meta.url)
/** The columns of each table, as the migrations made them. */
export const columns = new Map(
  readdirSync(migrations)
    .filter((file) => /^\d+_.*\.sql$/.test(file))
    .flatMap((file) => [
      ...readFileSync(new URL(file, migrations), 'utf8').matchAll(/create table (\w+) \((.*?)\n\);/gs),
    ])
    .map(([, table, body]) => [
      table!,
      [...body!.matchAll(/^ {2}(?!primary|unique)(\w+) /gm)].map(([, name]) => name!),
    ]),
)
