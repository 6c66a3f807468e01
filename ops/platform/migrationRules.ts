import { postgreSplitterOptions, splitQuery } from 'dbgate-query-splitter'
import type { Migration } from './migrations.ts'

// While a deployment is under way, and after one that was gone back from, the release before runs on the tables of this one: a migration adds (expand), and only
// the migration of a later release takes away what nobody uses any more (contract).

const rules: readonly (readonly [what: RegExp, breaks: string])[] = [
  [/^drop (?:table|view|materialized view|schema|sequence|type|function)\b/, 'takes away what it may still use'],
  [
    /^alter table\b.*\bdrop (?:column )?(?!constraint\b|column\b|not null\b|default\b)/,
    'takes away a column it may still use',
  ],
  [/^alter (?:table|view|index|type)\b.*\brename\b/, 'takes away a name it may still use'],
  [
    /^alter table\b.*\balter (?:column )?\S+ (?:set data )?type\b/,
    'rewrites the table, and may give it values it does not know',
  ],
  [/^alter table\b.*\balter (?:column )?\S+ set not null\b/, 'refuses rows that it still writes'],
  [
    /^alter table\b.*\badd (?:column )?(?:if not exists )?(?!constraint\b|primary\b|unique\b|check\b|foreign\b)[^,]*\bnot null\b(?![^,]*\bdefault\b)/,
    'refuses rows that it still writes: give it a default',
  ],
  [/^(?:truncate|delete from)\b/, 'takes away rows that it may still use'],
]

/** How to say in a migration that it takes away on purpose, and why that may be by now. */
const consent = /^--\s*contract:\s*\S/im

/**
 * What the release before could not go on with beside this migration, a sentence a statement. Tables that the migration makes itself are nobody's yet;
 * a line `-- contract: <why>` says that it is meant.
 */
export function breaksOf({ file, sql }: Pick<Migration, 'file' | 'sql'>): string[] {
  if (consent.test(sql)) return []
  const statements = (splitQuery(sql, postgreSplitterOptions) as string[]).map((statement) =>
    statement
      .replace(/--.*$/gm, '')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/\s+/g, ' ')
      .trim(),
  )
  const made = new Set(
    statements.map((statement) => /^create table (?:if not exists )?"?([\w.]+)/i.exec(statement)?.[1]),
  )
  return statements.flatMap((statement) => {
    const table =
      /^(?:alter|drop) table (?:if exists )?(?:only )?"?([\w.]+)|^(?:truncate(?: table)?|delete from) (?:only )?"?([\w.]+)/i.exec(
        statement,
      )
    const broken = rules.find(([what]) => what.test(statement.toLowerCase()))
    if (!broken || made.has(table?.[1] ?? table?.[2])) return []
    return [`${file}: "${statement}" ${broken[1]}`]
  })
}
