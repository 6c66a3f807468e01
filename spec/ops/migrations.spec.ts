import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { breaksOf } from '../../ops/platform/migrationRules.ts'
import { MigrationError, readMigrations } from '../../ops/platform/migrations.ts'

describe('migrations', () => {
  let directory: string
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'migrations-'))))
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const write = (...files: string[]) => files.forEach((file) => writeFileSync(join(directory, file), `-- ${file}\n`))
  const read = () => readMigrations(directory).map(({ file }) => file)
  const refused = (...faults: string[]) =>
    expect(read)
      .to.throw(MigrationError)
      .with.property('message', ['Migrations are not in strict order:', ...faults].join('\n  '))

  it('are read in the order of their prefixes, each with its text and sum', () => {
    write('20260418000003_add_scope.sql', '20260418000001_a.sql', '20260418000002_z2_b.sql')
    expect(read()).to.deep.equal(['20260418000001_a.sql', '20260418000002_z2_b.sql', '20260418000003_add_scope.sql'])
    const sql = '-- 20260418000001_a.sql\n'
    const sha256 = createHash('sha256').update(sql).digest('hex')
    expect(readMigrations(directory)[0]).to.deep.equal({ file: '20260418000001_a.sql', sql, sha256 })
  })

  it('are the .sql files, without the dump of what they make', () => {
    write('20260418000001_a.sql', 'schema.sql', 'README.md', '20260418000002_b.sql.orig')
    expect(read()).to.deep.equal(['20260418000001_a.sql'])
  })

  for (const file of [
    'add_scope.sql',
    '2026041800001_short_prefix.sql',
    '202604180000001_long_prefix.sql',
    '20260418000001-with-dashes.sql',
    '20260418000001_Capital.sql',
    '20260418000001_two__bars.sql',
    '20260418000001_.sql',
    '20260418000001.sql',
    '20260418000001_down.down.sql',
  ])
    it(`refuse the name ${file}`, () => {
      write(file)
      refused(`${file} is not YYYYMMDDHHMMSS_<snake_case>.sql`)
    })

  it('refuse the prefix that once made the server crash-loop', () => {
    write(
      '20260418000002_add_password_changed_at.sql',
      '20260418000002_add_firmware_active_unique_index.sql',
      '20260418000003_add_firmware_facility_scope.sql',
    )
    refused(
      '20260418000002_add_password_changed_at.sql repeats the prefix of 20260418000002_add_firmware_active_unique_index.sql',
    )
  })

  it('name all that is wrong at once', () => {
    write('first.sql', '20260418000001_a.sql', '20260418000001_b.sql', '20260418000001_c.sql')
    refused(
      'first.sql is not YYYYMMDDHHMMSS_<snake_case>.sql',
      '20260418000001_b.sql repeats the prefix of 20260418000001_a.sql',
      '20260418000001_c.sql repeats the prefix of 20260418000001_b.sql',
    )
  })

  describe('take nothing away from the release before', () => {
    const breaks = (sql: string) => breaksOf({ file: 'm.sql', sql }).map((line) => line.slice('m.sql: '.length))
    for (const [sql, why] of Object.entries({
      'drop table tags_v1;': '"drop table tags_v1" takes away what it may still use',
      'alter table tags_v1\n  drop column name;':
        '"alter table tags_v1 drop column name" takes away a column it may still use',
      'ALTER TABLE tags_v1 DROP name;': '"ALTER TABLE tags_v1 DROP name" takes away a column it may still use',
      'alter table tags_v1 rename name to label;':
        '"alter table tags_v1 rename name to label" takes away a name it may still use',
      'alter table tags_v1 alter column name type int;':
        '"alter table tags_v1 alter column name type int" rewrites the table, and may give it values it does not know',
      'alter table tags_v1 alter name set not null;':
        '"alter table tags_v1 alter name set not null" refuses rows that it still writes',
      'alter table tags_v1 add column colour text not null;':
        '"alter table tags_v1 add column colour text not null" refuses rows that it still writes: give it a default',
      'delete from tags_v1;': '"delete from tags_v1" takes away rows that it may still use',
      'truncate tags_v1;': '"truncate tags_v1" takes away rows that it may still use',
    }))
      it(`so not by: ${sql}`, () => expect(breaks(sql)).to.deep.equal([why]))

    for (const sql of [
      'create table tags_v2 (id uuid primary key);\nalter table tags_v2 alter id set not null;\ndrop table tags_v2;',
      'alter table tags_v1 add column colour text;\nalter table tags_v1 add column hue int not null default 0;',
      'alter table tags_v1 drop constraint tags_v1_pkey;\nalter table tags_v1 add primary key (id, name);',
      'alter table tags_v1 alter column name drop not null;\ncreate index on tags_v1 (name);',
      '-- drop table tags_v1;\ncreate index if not exists i on tags_v1 (name); /* truncate tags_v1 */',
      "insert into settings (text) values ('drop table tags_v1; delete from it');",
      '-- contract: nothing older than 1.4 runs any more\ndrop table tags_v1;',
    ])
      it(`but by: ${sql.split('\n')[0]}`, () => expect(breaks(sql)).to.deep.equal([]))
  })

  describe('of this repository', () => {
    const own = () => readMigrations(fileURLToPath(new URL('../../migrations', import.meta.url)))

    it('are in strict order', () => {
      const prefixes = own().map(({ file }) => file.slice(0, 14))
      expect(prefixes).not.to.be.empty
      expect(prefixes).to.deep.equal([...new Set(prefixes)].sort())
    })

    it('take nothing away from the release before', () => expect(own().flatMap(breaksOf)).to.deep.equal([]))

    it('use only what an earlier one, or they themselves, have made', () => {
      const made = new Set<string>()
      for (const { file, sql } of own()) {
        const statements = sql.replace(/--.*$/gm, '').toLowerCase()
        for (const [, table] of statements.matchAll(/create table (?:if not exists )?(\w+)/g)) made.add(table!)
        const used = statements.matchAll(
          /(?:alter table (?:if exists )?(?:only )?|references |create (?:unique )?index [^;]*? on |insert into |update )(\w+)/g,
        )
        for (const [, table] of used) expect([...made], `${file} uses ${table}`).to.include(table)
      }
      expect(made).to.include('uploads_v1')
    })
  })
})
