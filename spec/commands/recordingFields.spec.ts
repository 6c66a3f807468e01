import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { audioType, sniffBytes, withoutVideo } from '../../commands/audioType.ts'
import { derivedId, handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as Tag from '../../domain/tag.ts'
import { expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

/** A second of pictures and sound. */
function video(extension: string, options: string[] = []): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'xylolabs-video-'))
  try {
    const file = join(folder, `video.${extension}`)
    const sources = ['-f', 'lavfi', '-i', 'testsrc=duration=1:size=64x64', '-f', 'lavfi', '-i', 'sine=duration=1']
    execFileSync('ffmpeg', ['-v', 'error', ...sources, ...options, file])
    return readFileSync(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('a recording’s first bytes', () => {
  const seen = (bytes: Buffer) => audioType(bytes.subarray(0, sniffBytes))
  const kinds: Record<string, [type: string, options?: string[]]> = {
    wav: ['audio/wav'],
    flac: ['audio/flac'],
    mp3: ['audio/mpeg', ['-id3v2_version', '0', '-write_xing', '0']],
    aac: ['audio/aac'],
    m4a: ['audio/mp4'],
    mp4: ['audio/mp4'],
    ogg: ['audio/ogg'],
    opus: ['audio/ogg'],
    webm: ['audio/webm'],
    aiff: ['audio/aiff'],
    aif: ['audio/aiff', ['-c:a', 'pcm_s16le']],
  }
  for (const [extension, [type, options = []]] of Object.entries(kinds))
    it(`tell ${[extension, ...options].join(' ')}`, async () =>
      expect(await seen(sound(extension, { seconds: 0.3, options }))).to.equal(type))

  const others: Record<string, () => Buffer> = {
    'a text': () => Buffer.from('RIFFraff, but no sound'),
    'a playlist': () => Buffer.from('#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n'),
    'a concat script': () => Buffer.from("ffconcat version 1.0\nfile '/etc/passwd'\n"),
    'a JPEG': () => Buffer.from('ffd8ffe000104a46494600010101006000600000', 'hex'),
    'a ZIP': () => Buffer.concat([Buffer.from('504b030414000000', 'hex'), Buffer.alloc(40)]),
    'a WebP, which is a RIFF too': () => Buffer.from('RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0'),
    'a WebM with pictures': () => video('webm', ['-c:v', 'libvpx']),
    'a Matroska with pictures': () => video('mkv', ['-c:v', 'mpeg4']),
    'a QuickTime film': () => video('mov', ['-c:v', 'mpeg4']),
  }
  for (const [what, bytes] of Object.entries(others))
    it(`are none of ${what}`, async () => expect(await seen(bytes())).to.equal(undefined))

  it('of an MP4 do not tell yet: its pictures may be told of at its end, between two chunks', async () => {
    const bytes = video('mp4', ['-c:v', 'mpeg4'])
    expect(await seen(bytes)).to.equal('audio/mp4')
    for (const size of [5, 17, 1000, bytes.length]) {
      async function* chunks() {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
      }
      const drained = async (type: string) => {
        let length = 0
        for await (const chunk of withoutVideo(chunks(), type, () => new Error('video'))) length += chunk.length
        return length
      }
      expect(await drained('audio/mp4').catch((error: Error) => error.message), `by ${size}`).to.equal('video')
      expect(await drained('audio/wav')).to.equal(bytes.length)
    }
  })
})

describe('a recording comes with', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  const bytes = sound('wav', { seconds: 0.2 })
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
  })
  async function newTag(facility_id: string): Promise<string> {
    const id = derivedId('tag', unique('tag'))
    const data = { facility_id, name: unique('tag'), created_at: new Date().toISOString() }
    await handle(system.store, Tag, id, Tag.create(data), systemIntent('spec', id))
    return id
  }
  async function refused(fields: Record<string, string>, status: number, code: string) {
    const keysOf = async () => {
      const keys: string[] = []
      // Workers are at work on what was taken before: theirs are below that.
      for await (const key of system.objects.keys('uploads/')) if (key.split('/').length === 3) keys.push(key)
      return keys
    }
    const before = await keysOf()
    const appended = await appendedDuring(system.store, async () =>
      expectProblem(await facility.sensor.upload(bytes, fields), status, code),
    )
    expect(appended.filter((name) => /^(Upload(Received|Tagged)|NameReserved)/.test(name))).to.deep.equal([])
    expect(await keysOf()).to.deep.equal(before)
  }

  it('tags, told of in the same append', async () => {
    const tags = [await newTag(facility.id), await newTag(facility.id)]
    const appended = await appendedDuring(system.store, async () => {
      const { status, body } = await facility.sensor.upload(bytes, { tags: `${tags[0]}, ${tags[1]},${tags[0]}` })
      expect([status, body.tags]).to.deep.equal([201, tags])
      const events = await system.store.read(`upload-${body.id}`, { max: 3 })
      expect(events.map(({ type, data }) => [type, data['tag_id']])).to.deep.equal([
        ['UploadReceived', undefined],
        ['UploadTagged', tags[0]],
        ['UploadTagged', tags[1]],
      ])
    })
    expect(appended.filter((name) => /^Upload(Received|Tagged)/.test(name))).to.have.length(3)
  })

  it('tags in several fields as well', async () => {
    const tags = [await newTag(facility.id), await newTag(facility.id)]
    const form = new FormData()
    for (const tag of tags) form.append('tags', tag)
    form.set('file', new Blob([new Uint8Array(bytes)]), 'a.wav')
    const headers = { 'X-API-Key': facility.key.api_key }
    const answer = await fetch(`${system.url}/api/v1/uploads`, { method: 'POST', headers, body: form })
    expect([answer.status, ((await answer.json()) as { tags: string[] }).tags]).to.deep.equal([201, tags])
  })

  it('no tag that is unknown, another facility’s, or deleted', async () => {
    const elsewhere = await newTag((await newFacility(system)).id)
    const gone = await newTag(facility.id)
    const removed = Tag.remove({ deleted_at: new Date().toISOString() })
    await handle(system.store, Tag, gone, removed, systemIntent('spec', gone, 'remove'))
    for (const tags of [elsewhere, gone, crypto.randomUUID()]) await refused({ tags }, 404, 'not_found')
    await refused({ tags: 'noise' }, 400, 'invalid_request')
    await refused({ tags: Array.from({ length: 51 }, () => crypto.randomUUID()).join() }, 400, 'invalid_request')
  })

  const nested = (levels: number) => JSON.stringify(Array.from({ length: levels }).reduce((inner) => ({ a: inner }), 1))
  const withValues = (count: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i])))

  it('metadata of eight levels, two hundred values and 16 KiB at most', async () => {
    for (const metadata of [nested(8), withValues(200), JSON.stringify({ a: 'x'.repeat(16_000) })])
      expect((await facility.sensor.upload(bytes, { metadata })).body.metadata).to.deep.equal(JSON.parse(metadata))
    for (const metadata of [
      nested(9),
      withValues(201),
      JSON.stringify({ a: Array.from({ length: 200 }, () => 0) }),
      JSON.stringify({ a: 'x'.repeat(16_400) }),
      '[]',
      '"text"',
    ])
      await refused({ metadata }, 400, 'invalid_request')
  })
})
