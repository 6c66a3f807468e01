import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { migrate, migrationsDirectory } from '../../ops/platform/migrations.ts'
import { checkMigrations } from '../../ops/platform/migrationsCheck.ts'
import { dumpSchema } from '../../ops/platform/schemaDump.ts'
import { runProcess } from '../process.ts'
import { type System, theSystem, unique } from '../system.ts'

describe('migrations', () => {
  let system: System
  let url: string
  let folder: string
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
  })
  beforeEach(async () => {
    const name = unique('migrating').replace('-', '_')
    await system.database.query(`create database ${name}`)
    url = Object.assign(new URL(system.config.DATABASE_URL), { pathname: name }).href
    folder = mkdtempSync(join(tmpdir(), 'xylolabs-migrations-'))
    cpSync(migrationsDirectory, folder, { recursive: true })
  })
  afterEach(async () => {
    rmSync(folder, { recursive: true })
    await system.database.query(`drop database ${new URL(url).pathname.slice(1)} with (force)`)
  })

  const write = (file: string, sql: string) => writeFileSync(join(folder, file), sql)
  const failure = () =>
    migrate(url, folder).then(
      () => 'it did not fail',
      (error: Error) => error.message,
    )

  it('are applied once, in order, also when several instances start together', async () => {
    const applied = await Promise.all([migrate(url, folder), migrate(url, folder), migrate(url, folder)])
    expect(applied.flat()).to.deep.equal([...applied.flat()].sort())
    expect(new Set(applied.flat()).size).to.equal(applied.flat().length)
    expect(await migrate(url, folder)).to.deep.equal([])
  })

  it('say which file and statement failed, in the words of Postgres, and leave nothing behind', async () => {
    write('20990101000001_two_tables.sql', 'create table first_one (id int);\n\ncreate index on missing_one (id);\n')
    const message = await failure()
    expect(message).to.include('20990101000001_two_tables.sql failed: relation "missing_one" does not exist')
    expect(message).to.include('create index on missing_one (id)').and.not.include('create table first_one')
    write('20990101000001_two_tables.sql', 'create table first_one (id int);')
    expect((await migrate(url, folder)).at(-1)).to.equal('20990101000001_two_tables.sql')
  })

  it('may hold question marks', async () => {
    write('20990101000001_marks.sql', `create table marks (text text default 'why?');`)
    expect(await migrate(url, folder)).to.include('20990101000001_marks.sql')
  })

  it('are refused once changed after they were applied, when one is missing, and when one comes too late', async () => {
    write('20990101000001_one.sql', 'create table one (id int);')
    await migrate(url, folder)
    write('20990101000001_one.sql', 'create table one (id bigint);')
    expect(await failure()).to.match(/20990101000001_one\.sql was changed after it had been applied/)
    rmSync(join(folder, '20990101000001_one.sql'))
    expect(await failure()).to.match(/20990101000001_one\.sql was applied but is not here/)
    write('20990101000001_one.sql', 'create table one (id int);')
    write('20980101000001_late.sql', 'create table late (id int);')
    expect(await failure()).to.match(/20980101000001_late\.sql comes before 20990101000001_one\.sql/)
  })

  it('are checked before they land: all that is wrong is said, and nothing changed', async () => {
    await migrate(url, folder)
    expect(await checkMigrations(url, folder)).to.deep.equal({ missing: [], faults: [] })
    write('20990101000001_two.sql', 'create table one (id int);\nalter table tags_v1 drop column name;')
    write('20990101000002_three.sql', 'create index on missing_one (id);')
    const { missing, faults } = await checkMigrations(url, folder)
    expect(missing).to.deep.equal(['20990101000001_two.sql', '20990101000002_three.sql'])
    expect(faults).to.have.length(2)
    expect(faults[0]).to.equal(
      '20990101000001_two.sql: "alter table tags_v1 drop column name" takes away a column it may still use',
    )
    expect(faults[1]).to.match(/^20990101000002_three\.sql failed: relation "missing_one" does not exist/)
    rmSync(join(folder, '20990101000002_three.sql'))
    expect((await checkMigrations(url, folder)).faults.at(-1)).to.equal(
      'schema.sql is not what they make: npm run schema:dump',
    )
    rmSync(join(folder, '20990101000001_two.sql'))
    const [newest] = readdirSync(folder)
      .filter((file) => /^2026/.test(file))
      .sort()
      .reverse()
    writeFileSync(join(folder, newest!), '-- another')
    expect((await checkMigrations(url, folder)).faults[0]).to.equal(
      `${newest} was changed after it had been applied: restore it and write a new migration`,
    )
  })

  it('end the process when they fail, with a sentence and no stack', async () => {
    const client = new URL(url)
    await migrate(url, folder)
    const { default: pg } = await import('pg')
    const other = new pg.Client({ connectionString: client.href })
    await other.connect()
    await other.query(`update migration_checksums set sha256 = 'of another file'`)
    await other.end()
    const names = [
      'POSTGRES_USER',
      'POSTGRES_PASSWORD',
      'POSTGRES_DB',
      'JWT_SECRET',
      'JWT_REFRESH_SECRET',
      'MINIO_ROOT_USER',
      'MINIO_ROOT_PASSWORD',
      'INITIAL_ADMIN_EMAIL',
      'INITIAL_ADMIN_PASSWORD',
      'S3_ACCESS_KEY',
      'S3_SECRET_KEY',
      'DATA_ENCRYPTION_KEY',
      'EVENTSTORE_URL',
      'NATS_URL',
      'S3_ENDPOINT',
    ] as const
    const env = Object.fromEntries(names.map((name) => [name, system.config[name]]))
    const { code, output } = await runProcess(['up'], {
      ...env,
      DATABASE_URL: url,
      CORS_ALLOWED_ORIGINS: 'http://localhost',
      DATA_DIR: folder,
    })
    expect(code).to.equal(1)
    expect(output)
      .to.match(/was changed after it had been applied/)
      .and.not.match(/\n\s+at /)
  }).timeout(30_000)

  it('make the schema that migrations/schema.sql shows (npm run schema:dump writes it)', async () => {
    const dumped = await dumpSchema(system.config.DATABASE_URL, migrationsDirectory)
    expect(dumped).to.equal(readFileSync(join(migrationsDirectory, 'schema.sql'), 'utf8'))
  })
})
