import type { ClientBase } from 'pg'

// Readers know a read model by its view. While there is nothing whole to show it has another name, so that its grants outlive a rebuild.
const hiddenName = (name: string) => `${name}_hidden`

const lockTimeoutMs = 200

/** Whether something failed only because somebody is reading for long, or has made a view upon this one: it can be tried again. */
export const isWaitedFor = (error: unknown) => ['55P03', '2BP01'].includes((error as { code?: string }).code ?? '')

/** One short transaction, which waits no longer than the lock time-out for who is reading: then it throws what `isWaitedFor` knows. */
export async function inShort<Result>(client: ClientBase, act: () => Promise<Result>): Promise<Result> {
  await client.query('begin')
  try {
    await client.query(`set local lock_timeout = ${lockTimeoutMs}`)
    const result = await act()
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

const isThere = async (client: ClientBase, name: string) =>
  (await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [name])).rows[0]!.there

/** Lets the view show this table, for the same people as before. To be called in a transaction. */
export async function show(client: ClientBase, name: string, table: string): Promise<void> {
  const grants = await grantsOf(client, name)
  await client.query(`drop view if exists ${name}, ${hiddenName(name)}`)
  await client.query(`create view ${name} as select * from ${table}`)
  for (const grant of grants) await client.query(grant)
}

/** Never replaces one: which table it shows is for `promote` alone to change. */
export async function showFirst(client: ClientBase, name: string, table: string): Promise<void> {
  if (!(await isThere(client, name))) await inShort(client, () => show(client, name, table))
}

/** Readers find nothing, which they are told, rather than half of it. Throws what `isWaitedFor` knows. */
export async function hide(client: ClientBase, name: string): Promise<void> {
  if (!(await isThere(client, name))) return
  await inShort(client, async () => {
    await client.query(`drop view if exists ${hiddenName(name)}`)
    await client.query(`alter view ${name} rename to ${hiddenName(name)}`)
  })
}

/** How to say again who may do what with a view; of single columns as well, as far as the next one has them. */
async function grantsOf(client: ClientBase, name: string): Promise<string[]> {
  const { rows } = await client.query<{ privilege: string; column: string | null; to: string; option: boolean }>(
    `with known as (select oid, relacl from pg_class where oid = coalesce(to_regclass($1), to_regclass($2))),
          entries as (select null::name as column, a.* from known, aclexplode(relacl) a
                      union all
                      select attname, a.* from pg_attribute join known on attrelid = oid, aclexplode(attacl) a where not attisdropped)
     select privilege_type as privilege, quote_ident(e.column) as column, is_grantable as option,
            case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as to from entries e`,
    [name, hiddenName(name)],
  )
  return rows.map(
    ({ privilege, column, to, option }) =>
      `grant ${privilege}${column === null ? '' : ` (${column})`} on ${name} to ${to}${option ? ' with grant option' : ''}`,
  )
}
