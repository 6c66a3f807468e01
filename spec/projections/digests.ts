import { expect } from 'chai'
import type { Database } from '../../ops/platform/database.ts'
import { projections } from '../../projections/all.ts'

/** Every row of every read model, as one digest a table. */
export async function digests(database: Database): Promise<Record<string, string>> {
  const entries = await Promise.all(
    projections.map(async ({ name, version }) => {
      const { rows } = await database.query<{ digest: string }>(
        `select count(*) || ':' || md5(coalesce(string_agg(t::text, E'\\n' order by t::text), '')) as digest from ${name}_v${version} t`,
      )
      return [name, rows[0]!.digest] as const
    }),
  )
  return Object.fromEntries(entries)
}

/** Whatever is lost and made again meanwhile, the read models end as they were. */
export async function expectSameRows(database: Database, act: () => Promise<void>): Promise<void> {
  const before = await digests(database)
  await act()
  expect(await digests(database)).to.deep.equal(before)
}
