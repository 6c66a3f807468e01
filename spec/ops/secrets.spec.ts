import { expect } from 'chai'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../ops/platform/config.ts'
import { loadSecrets } from '../../ops/platform/secrets.ts'

describe('the secrets of an installation', () => {
  let parent: string
  let dataDir: string
  let file: string

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'secrets-'))
    dataDir = join(parent, 'data')
    file = join(dataDir, 'secrets.json')
  })
  afterEach(() => rmSync(parent, { recursive: true, force: true }))

  it('are made once and stay', () => {
    const first = loadSecrets(dataDir)
    const written = readFileSync(file, 'utf8')
    expect(JSON.parse(written)).to.deep.equal(first)
    expect(loadSecrets(dataDir)).to.deep.equal(first)
    expect(readFileSync(file, 'utf8')).to.equal(written)
  })

  it('are nobody else’s to read, whatever the umask', () => {
    const umask = process.umask(0)
    try {
      loadSecrets(dataDir)
    } finally {
      process.umask(umask)
    }
    expect((statSync(file).mode & 0o777).toString(8)).to.equal('600')
    expect((statSync(dataDir).mode & 0o777).toString(8)).to.equal('700')
    expect(readdirSync(dataDir)).to.deep.equal(['secrets.json'])
  })

  it('are not those of another installation', () => {
    const [one, other] = [loadSecrets(dataDir), loadSecrets(join(parent, 'other'))]
    const named = ['POSTGRES_USER', 'POSTGRES_DB', 'INITIAL_ADMIN_EMAIL', 'EVENTSTORE_USER']
    for (const [name, value] of Object.entries(one)) {
      if (named.includes(name)) continue
      expect(value, name).not.to.equal(other[name as keyof typeof other])
      expect(value.length, name).to.be.at.least(12)
    }
    const random = Object.entries(one).filter(([name]) => !named.includes(name))
    expect(new Set(random.map(([, value]) => value)).size).to.equal(random.length)
  })

  it('are what the configuration asks for', () => {
    const servers = {
      DATABASE_URL: 'postgres://embedded',
      EVENTSTORE_URL: 'esdb://embedded',
      NATS_URL: 'nats://embedded',
      S3_ENDPOINT: 'http://embedded',
      CORS_ALLOWED_ORIGINS: 'http://localhost:3000',
    }
    for (let i = 0; i < 20; i++)
      expect(() => readConfig({}, { ...loadSecrets(join(parent, String(i))), ...servers })).not.to.throw()
  })

  it('complete a file of an earlier version, and keep what is in it', () => {
    loadSecrets(dataDir)
    writeFileSync(file, JSON.stringify({ DATA_ENCRYPTION_KEY: 'kept', OF_ANOTHER_VERSION: 'kept too' }))
    const completed = loadSecrets(dataDir)
    expect(completed).to.include({ DATA_ENCRYPTION_KEY: 'kept', OF_ANOTHER_VERSION: 'kept too' })
    expect(completed.JWT_SECRET).to.have.lengthOf.at.least(32)
    expect(loadSecrets(dataDir)).to.deep.equal(completed)
  })

  for (const broken of ['', '{"DATA_ENCRYPTION_KEY": "ke', 'null', '[]', '"text"', '{"DATA_ENCRYPTION_KEY": 5}'])
    it(`refuse a file that is ${broken || 'empty'}, and leave it as it is`, () => {
      loadSecrets(dataDir)
      writeFileSync(file, broken)
      expect(() => loadSecrets(dataDir)).to.throw(`${file} cannot be read. Restore it from a backup`)
      expect(readFileSync(file, 'utf8')).to.equal(broken)
    })
})
