import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import type { Kept } from '../../ops/platform/media.ts'
import { nearby } from '../../ops/platform/objectCache.ts'
import { eventually } from '../eventually.ts'
import { specLog } from '../system.ts'

const size = 700_000

describe('objects kept nearby', () => {
  let directory: string
  let held: Map<string, Buffer>
  let fetched: string[]
  /** What becomes of the bytes on their way from the store. */
  let onTheWay: (bytes: Buffer) => AsyncIterable<Buffer>
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'xylolabs-spec-'))
    held = new Map()
    fetched = []
    onTheWay = whole
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  async function* whole(bytes: Buffer) {
    for (let from = 0; from < bytes.length; from += 65_536) yield bytes.subarray(from, from + 65_536)
  }
  /** What a connection that breaks half-way gives. */
  async function* half(bytes: Buffer) {
    yield bytes.subarray(0, bytes.length / 2)
    throw new Error('the connection broke')
  }
  function put(bytes = randomBytes(size)): Kept & { bytes: Buffer } {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    held.set(sha256, bytes)
    return { object_key: sha256, sha256, size_bytes: bytes.length, bytes }
  }
  const objects = {
    get: (key: string, range?: { offset: number; length: number }) => {
      fetched.push(key)
      const bytes = held.get(key)!
      const asked = range ? bytes.subarray(range.offset, range.offset + range.length) : bytes
      return Promise.resolve(Readable.from(onTheWay(asked)))
    },
  }
  const start = (maxBytes = 10 * size, at = directory) => nearby({ objects, directory: at, maxBytes, log: specLog })
  type Get = Awaited<ReturnType<typeof start>>
  const bytesOf = async (get: Get, kept: Kept, range?: { offset: number; length: number }) =>
    buffer(await get(kept, range))
  const expectBytes = async (get: Get, kept: Kept & { bytes: Buffer }) =>
    expect((await bytesOf(get, kept)).equals(kept.bytes)).to.equal(true)
  const failure = (act: Promise<unknown>) =>
    act.then(
      () => undefined,
      (error: Error) => error.message,
    )
  const aged = (name: string, secs: number) =>
    utimesSync(join(directory, name), Date.now() / 1000 - secs, Date.now() / 1000 - secs)
  const names = () => readdirSync(directory).sort()

  it('are fetched once, by the first of many who ask at once, and read from here by all', async () => {
    const [get, one] = [await start(), put()]
    const readers = Array.from({ length: 50 }, async (_, n) => {
      const range = { offset: n * 1000, length: 5000 }
      expect((await bytesOf(get, one, range)).equals(one.bytes.subarray(n * 1000, n * 1000 + 5000))).to.equal(true)
    })
    await Promise.all([...readers, expectBytes(get, one)])
    expect(fetched).to.deep.equal([one.sha256])
    expect(names()).to.deep.equal([one.sha256])
    expect(statSync(join(directory, one.sha256)).mode & 0o077, 'for nobody else').to.equal(0)
  })

  it('are never given where they are not what they must be', async () => {
    const [get, one] = [await start(), put()]
    held.set(one.sha256, Buffer.concat([one.bytes.subarray(0, size - 1), Buffer.from([one.bytes[size - 1]! ^ 1])]))
    expect(await failure(get(one))).to.match(/does not hold what was put there/)
    expect(names()).to.deep.equal([])
    held.set(one.sha256, one.bytes)
    await expectBytes(get, one)
  })

  it('leave nothing behind where the store goes away half-way, and are fetched by the next who asks', async () => {
    const [get, one] = [await start(), put()]
    onTheWay = half
    const failures = await Promise.all(Array.from({ length: 5 }, () => failure(get(one))))
    expect(new Set(failures)).to.deep.equal(new Set(['the connection broke']))
    expect(names()).to.deep.equal([])
    onTheWay = whole
    await expectBytes(get, one)
  })

  it('outlive a restart, but for those that are not right any more', async () => {
    const all = [put(), put(), put()] as const
    const before = await start()
    for (const one of all) await expectBytes(before, one)
    const [sound, cut, changed] = all
    truncateSync(join(directory, cut.sha256), size / 2)
    const other = readFileSync(join(directory, changed.sha256))
    other[0]! ^= 1
    writeFileSync(join(directory, changed.sha256), other)
    aged(sound.sha256, 7200)
    fetched = []
    const get = await start()
    for (const one of all) await expectBytes(get, one)
    expect(fetched).to.deep.equal([cut.sha256, changed.sha256])
    expect(names()).to.deep.equal(all.map(({ sha256 }) => sha256).sort())
    await expectBytes(get, sound)
  })

  it('may be empty', async () => {
    const [get, one] = [await start(), put(Buffer.alloc(0))]
    await expectBytes(get, one)
    expect(names()).to.deep.equal([one.sha256])
  })

  it('that somebody died over are cleared away, once nobody can be at it any more', async () => {
    const [old, recent] = [`${'a'.repeat(64)}.1.part`, `${'b'.repeat(64)}.1.part`]
    for (const name of [old, recent]) writeFileSync(join(directory, name), 'half')
    aged(old, 3700)
    const get = await start(size)
    expect(names()).to.deep.equal([recent])
    for (const one of [put(), put()]) await expectBytes(get, one)
    await eventually(() => expect(names(), 'whoever is at it has it still').to.have.length(2).and.to.include(recent))
  })

  it('go when there are too many, those first that nobody asked for longest; who reads one reads on', async () => {
    const get = await start(2 * size + 1)
    const [a, b, c] = [put(), put(), put()]
    await expectBytes(get, a)
    await expectBytes(get, b)
    const reading = await get(b)
    await expectBytes(get, a)
    await expectBytes(get, c)
    await eventually(() => expect(names()).to.deep.equal([a.sha256, c.sha256].sort()))
    expect((await buffer(reading)).equals(b.bytes)).to.equal(true)
    await expectBytes(get, b)
    expect(fetched).to.deep.equal([a, b, c, b].map(({ sha256 }) => sha256))
  })

  it('are as few as is allowed after a restart too', async () => {
    const before = await start()
    for (let n = 0; n < 5; n++) await expectBytes(before, put())
    // As the folder lists them, the newest come first.
    const listed = readdirSync(directory)
    for (const [n, name] of listed.entries()) aged(name, 60 * n)
    await start(2 * size)
    await eventually(() => expect(names()).to.deep.equal(listed.slice(0, 2).sort()))
    await start(size - 1)
    await eventually(() => expect(names()).to.deep.equal([]))
  })

  it('that somebody else has removed are fetched again', async () => {
    const [get, one] = [await start(), put()]
    await expectBytes(get, one)
    rmSync(directory, { recursive: true })
    await expectBytes(get, one)
    expect(fetched).to.have.length(2)
    expect(names()).to.deep.equal([one.sha256])
  })

  it('are not there in part where the disk takes no more than a part of the last bytes', () => {
    // A process that may write no file beyond a megabyte: of the three that it is given, the system takes one and says so.
    const program = `
      import { createHash } from 'node:crypto'
      import { Readable } from 'node:stream'
      import { fetchObject } from './ops/platform/objectFile.ts'
      process.on('SIGXFSZ', () => undefined)
      const bytes = Buffer.alloc(3_000_000, 7)
      const kept = { object_key: 'a', size_bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
      const source = () => Promise.resolve(Readable.from([bytes]))
      await fetchObject(source, kept, ${JSON.stringify(join(directory, 'kept'))}).then(
        () => console.log('kept'),
        (error) => console.log(error.name),
      )`
    const node = [process.execPath, '--import', 'tsx', '--input-type', 'module', '--eval', program]
    const limited = ['-c', 'ulimit -f 1024; exec "$@"', 'limited', ...node]
    expect(execFileSync('bash', limited, { encoding: 'utf8' }).trim()).to.equal('CannotKeep')
    expect(names()).to.deep.equal([])
  })

  it('of two processes in one folder are right in both', async () => {
    const [one, gets] = [put(), [await start(), await start()]]
    await Promise.all(gets.flatMap((get) => [expectBytes(get, one), expectBytes(get, one)]))
    expect(names()).to.deep.equal([one.sha256])
  })

  describe('come straight from the store', () => {
    const straight = async (get: Get, one: Kept & { bytes: Buffer }) => {
      await expectBytes(get, one)
      const part = await bytesOf(get, one, { offset: 10, length: 20 })
      expect(part.equals(one.bytes.subarray(10, 30))).to.equal(true)
      expect(fetched).to.have.length.of.at.least(2)
    }
    it('where none are to be kept, or they are larger than all that may be', async () => {
      for (const maxBytes of [0, size - 1]) await straight(await start(maxBytes), put())
      expect(names()).to.deep.equal([])
    })
    it('where they cannot be kept', async () => {
      const file = join(directory, 'file')
      writeFileSync(file, '')
      await straight(await start(undefined, join(file, 'folder')), put())
    })
  })
})
