import { expect } from 'chai'
import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Objects } from '../../ops/platform/objects.ts'
import type { Problem } from '../../ops/platform/route.ts'
import { serve, stored } from '../../ops/platform/media.ts'
import { codecs, inputOptions, outputsOf } from '../../workers/media.ts'

const bytes = Buffer.from('0123456789')
const sha256 = 'ab12'
const recording = { object_key: 'uploads/u1/k1', size_bytes: bytes.length, sha256, content_type: 'audio/webm' }

/** One object in memory, as far as serving needs it. */
const objects = {
  get: (key: string, range?: { offset: number; length: number }) => {
    expect(key).to.equal(recording.object_key)
    return Promise.resolve(Readable.from([range ? bytes.subarray(range.offset, range.offset + range.length) : bytes]))
  },
} as Objects

const get = (headers: IncomingHttpHeaders = {}, media: Parameters<typeof serve>[1] = recording) =>
  serve(stored(objects), media, headers)
const bodyOf = async (headers: IncomingHttpHeaders) => (await buffer(await get(headers).stream!())).toString()

const common = {
  ETag: '"ab12"',
  'Accept-Ranges': 'bytes',
  'Cache-Control': 'private, max-age=0, must-revalidate',
  'Content-Type': 'audio/webm',
}

describe('a recording over HTTP', () => {
  it('comes whole, with its length and its tag', async () => {
    const { stream: _, ...answer } = get()
    expect(answer).to.deep.equal({ status: 200, headers: { ...common, 'Content-Length': '10' } })
    expect(await bodyOf({})).to.equal('0123456789')
  })

  describe('in part', () => {
    for (const [range, part, contentRange] of [
      ['bytes=0-3', '0123', '0-3'],
      ['bytes=4-', '456789', '4-9'],
      ['bytes=-3', '789', '7-9'],
      ['bytes=0-', '0123456789', '0-9'],
      ['bytes=9-9', '9', '9-9'],
      ['bytes=8-99', '89', '8-9'],
      ['bytes=-10', '0123456789', '0-9'],
      ['bytes=-99', '0123456789', '0-9'],
    ] as const)
      it(`comes for ${range}`, async () => {
        const { stream: _, ...answer } = get({ range })
        expect(answer).to.deep.equal({
          status: 206,
          headers: { ...common, 'Content-Length': String(part.length), 'Content-Range': `bytes ${contentRange}/10` },
        })
        expect(await bodyOf({ range })).to.equal(part)
      })

    for (const range of ['bytes=10-', 'bytes=10-20', 'bytes=-0'])
      it(`is not to be had for ${range}, and says how long it is`, () =>
        expect(() => get({ range }))
          .to.throw('The file has 10 bytes')
          .that.satisfies((problem: Problem) => {
            expect(problem.code).to.equal('range_not_satisfiable')
            expect(problem.headers).to.deep.equal({ 'Content-Range': 'bytes */10' })
            return true
          }))

    for (const range of ['bytes=0-1,4-5', 'bytes=', 'bytes', 'bytes=x-y', 'bytes=1', 'lines=0-1', 'lines=10-20', ''])
      it(`comes whole for ${range || 'an empty range'}`, async () => {
        expect(get({ range })).to.include({ status: 200 })
        expect(await bodyOf({ range })).to.equal('0123456789')
      })
  })

  describe('to be gone on with (If-Range)', () => {
    const range = 'bytes=4-'
    it('goes on when it is still the same', () => {
      expect(get({ range, 'if-range': '"ab12"' }).status).to.equal(206)
      expect(get({ range, 'if-range': '"ab12"' }).headers).to.include({ 'Content-Range': 'bytes 4-9/10' })
    })
    for (const condition of ['"other"', 'W/"ab12"', 'ab12', 'Tue, 24 Nov 2026 09:00:00 GMT'])
      it(`begins anew for ${condition}`, async () => {
        expect(get({ range, 'if-range': condition }).status).to.equal(200)
        expect(await bodyOf({ range, 'if-range': condition })).to.equal('0123456789')
      })
    it('begins anew even where the range would be beyond its end', () =>
      expect(get({ range: 'bytes=99-', 'if-range': '"other"' }).status).to.equal(200))
  })

  describe('for who has it already (If-None-Match)', () => {
    // Nothing of what is not sent: RFC 9110, 15.4.5.
    const { ETag, 'Cache-Control': caching } = common
    for (const tag of ['"ab12"', 'W/"ab12"', '*', '"other", "ab12"', '"other" ,W/"ab12"'])
      it(`is not sent again for ${tag}`, () =>
        expect(get({ 'if-none-match': tag })).to.deep.equal({
          status: 304,
          headers: { ETag, 'Cache-Control': caching },
        }))
    it('is not sent again in part either', () =>
      expect(get({ 'if-none-match': '"ab12"', range: 'bytes=0-1' }).status).to.equal(304))
    for (const tag of ['"other"', 'ab12', '"ab1"', ''])
      it(`is sent for ${tag || 'an empty tag'}`, () => expect(get({ 'if-none-match': tag }).status).to.equal(200))
  })

  describe('as a download', () => {
    const offered = (file_name: string) => get({}, { ...recording, file_name }).headers!['Content-Disposition']
    for (const [name, disposition] of [
      ['night.wav', `attachment; filename="night.wav"; filename*=UTF-8''night.wav`],
      ['밤 소리.wav', `attachment; filename="_ __.wav"; filename*=UTF-8''%EB%B0%A4%20%EC%86%8C%EB%A6%AC.wav`],
      ['a"b\\c%d.wav', `attachment; filename="a_b_c_d.wav"; filename*=UTF-8''a%22b%5Cc%25d.wav`],
      ["it's (1)*.wav", `attachment; filename="it's (1)*.wav"; filename*=UTF-8''it%27s%20%281%29%2A.wav`],
      ['🎤.wav', `attachment; filename="__.wav"; filename*=UTF-8''%F0%9F%8E%A4.wav`],
      ['a;b=c.wav', `attachment; filename="a;b=c.wav"; filename*=UTF-8''a%3Bb%3Dc.wav`],
    ] as const)
      it(`has the name ${name}`, () => expect(offered(name)).to.equal(disposition))
    it('cannot end its header, whatever its name', () => {
      const disposition = offered('a\r\nSet-Cookie: x=1\0\u007f')
      expect(disposition).to.equal(
        `attachment; filename="a__Set-Cookie: x=1__"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x%3D1%00%7F`,
      )
    })
    it('has its name in every answer, and none when it is not one', () => {
      const headers = { range: 'bytes=0-1' }
      expect(get(headers, { ...recording, file_name: 'a.wav' }).headers).to.have.property('Content-Disposition')
      expect(get(headers).headers).not.to.have.property('Content-Disposition')
    })
  })
})

describe('the command line of ffmpeg', () => {
  const sound = ['-map', '0:a:0', '-map_metadata', '-1', '-vn', '-sn', '-dn']
  const opus = {
    file: '/scratch/t1/rendition.webm',
    options: [...sound, '-ac', '2', '-c:a', 'libopus', '-b:a', '96000', '-f', 'webm'],
  }
  const aac = {
    file: '/scratch/t1/rendition.mp4',
    options: [...sound, '-ac', '2', '-c:a', 'aac', '-b:a', '96000', '-movflags', '+faststart', '-f', 'mp4'],
  }
  const samples = {
    file: '/scratch/t1/mono.pcm',
    options: [...sound, '-ac', '1', '-c:a', 'pcm_s16le', '-f', 's16le'],
  }

  const loudness = { file: '-', options: [...sound, '-af', 'ebur128=peak=true:framelog=verbose', '-f', 'null'] }

  it('makes every rendition, the samples of the waveform and the loudness in one pass', () =>
    expect(outputsOf('/scratch/t1', ['opus-webm', 'aac-mp4'], 96_000)).to.deep.equal([opus, aac, samples, loudness]))
  it('makes what was asked for only, in that order', () => {
    expect(outputsOf('/scratch/t1', ['aac-mp4'], 96_000)).to.deep.equal([aac, samples, loudness])
    expect(outputsOf('/scratch/t1', ['aac-mp4', 'opus-webm'], 96_000)).to.deep.equal([aac, opus, samples, loudness])
  })
  it('asks for the bitrate in bits per second', () => {
    for (const { options } of outputsOf('/scratch/t1', ['opus-webm', 'aac-mp4'], 64_000).slice(0, 2))
      expect(options.join(' ')).to.include('-b:a 64000')
  })

  const containers = {
    'audio/wav': 'wav',
    'audio/flac': 'flac',
    'audio/mpeg': 'mp3',
    'audio/aac': 'aac',
    'audio/mp4': 'mov',
    'audio/ogg': 'ogg',
    'audio/webm': 'matroska',
    'audio/x-matroska': 'matroska',
    'audio/aiff': 'aiff',
  }
  for (const [contentType, demuxer] of Object.entries(containers))
    it(`reads ${contentType} as ${demuxer}, from files only`, () =>
      expect(inputOptions(contentType)).to.deep.equal(['-protocol_whitelist', 'file,pipe', '-f', demuxer]))

  it('reads what was made with the demuxer of what was made', () => {
    for (const { content_type } of Object.values(codecs)) expect(containers).to.have.property(content_type)
  })

  // A content type comes from the bytes; were it ever a user's word, it must not reach the command line.
  it('holds no word of a user', () => {
    for (const word of ['-i /etc/passwd', 'concat:/etc/passwd', 'hls', 'audio/wav -i', ''])
      expect(() => inputOptions(word), word).to.throw('no demuxer may read')
    const options = outputsOf('/scratch/t1', ['opus-webm', 'aac-mp4'], 96_000).flatMap((output) => output.options)
    for (const option of [...options, ...inputOptions('audio/wav')])
      expect(option)
        .to.be.a('string')
        .and.match(/^[-+\w:,=]+$/)
  })
})
