import { expect } from 'chai'
import { soundLevels } from '../../../workers/models/soundLevels.ts'
import { noise } from '../../speech.ts'

const rate = soundLevels.sample_rate_hz
const never = new AbortController().signal

async function* pieces(samples: Float32Array, length: number) {
  for (let at = 0; at < samples.length; at += length) yield samples.slice(at, at + length)
}
const levels = (samples: Float32Array, length = 10_000): Promise<any> =>
  soundLevels.run({ samples: pieces(samples, length), params: {}, signal: never })
const sine = (hz: number, amplitude: number, seconds = 2) =>
  Float32Array.from({ length: seconds * rate }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / rate))

describe('sound-levels', () => {
  it('says of a full-scale sine that its RMS is 3.01 dB below its peak, and in which octave it is', async () => {
    const { overall, seconds, bands_hz, duration_secs } = await levels(sine(1000, 1))
    expect([duration_secs, bands_hz[4]]).to.deep.equal([2, 1000])
    for (const one of [overall, ...[0, 1].map((i) => ({ ...at(seconds, i) }))]) {
      expect(one.rms_dbfs).to.be.closeTo(-3.01, 0.02)
      expect(one.peak_dbfs).to.be.closeTo(0, 0.05)
      expect(one.crest_db).to.be.closeTo(3.01, 0.05)
      expect(one.bands_dbfs[4]).to.be.closeTo(-3.01, 0.1)
      for (const other of [0, 1, 2, 3, 5, 6, 7]) expect(one.bands_dbfs[other]).to.be.below(-40)
    }
  })

  for (const [i, hz] of [62.5, 125, 250, 500, 1000, 2000, 4000, 8000].entries())
    it(`finds ${hz} Hz at −20 dBFS in its octave`, async () => {
      const { bands_dbfs } = (await levels(sine(hz, 0.1 * Math.SQRT2))).overall
      expect(bands_dbfs[i]).to.be.closeTo(-20, 0.2)
      expect(Math.max(...bands_dbfs.filter((_: number, other: number) => other !== i))).to.be.below(-40)
    })

  it('gives white noise 3 dB more in each octave, and as much in all as there is', async () => {
    const { overall, seconds } = await levels(noise(4 * rate, 0.5))
    expect(overall.rms_dbfs).to.be.closeTo(10 * Math.log10(0.25 / 3), 0.05)
    // An octave around 8 kHz is 5657 Hz of 16384.
    expect(overall.bands_dbfs[7]).to.be.closeTo(overall.rms_dbfs + 10 * Math.log10(5657 / 16_384), 0.1)
    for (let i = 3; i < 8; i++) expect(overall.bands_dbfs[i] - overall.bands_dbfs[i - 1]).to.be.closeTo(3.01, 0.4)
    expect(seconds.rms_dbfs).to.have.length(4)
  })

  it('gives a click, which is of all frequencies alike, to the octaves by their width', async () => {
    const click = new Float32Array(rate)
    click[10_000] = 1
    const { bands_dbfs } = (await levels(click)).overall
    for (const [i, hz] of [62.5, 125, 250, 500, 1000, 2000, 4000, 8000].entries())
      expect(bands_dbfs[i]).to.be.closeTo(10 * Math.log10((hz * Math.SQRT1_2) / (rate / 2) / rate), 0.02)
  })

  it('tells the seconds apart', async () => {
    const loudThenNot = new Float32Array(3 * rate)
    loudThenNot.set(sine(500, 0.5, 1), rate)
    const { seconds } = await levels(loudThenNot)
    expect(seconds.rms_dbfs[1]).to.be.closeTo(-9.03, 0.02)
    expect([seconds.rms_dbfs[0], seconds.peak_dbfs[2], seconds.crest_db[0]]).to.deep.equal([null, null, null])
    expect(seconds.bands_dbfs[1][3]).to.be.closeTo(-9.03, 0.3)
    expect(seconds.bands_dbfs[0].every((one: unknown) => one === null)).to.equal(true)
  })

  it('says nothing of silence but that it is: null, in JSON too', async () => {
    const silent = await levels(new Float32Array(rate * 2))
    expect(silent.overall).to.deep.equal({
      rms_dbfs: null,
      peak_dbfs: null,
      crest_db: null,
      bands_dbfs: new Array(8).fill(null),
    })
    expect(JSON.parse(JSON.stringify(silent))).to.deep.equal(silent)
  })

  it('takes a single sample, a second and one sample, and nothing at all', async () => {
    const one = await levels(Float32Array.of(0.5))
    expect([one.overall.rms_dbfs, one.overall.peak_dbfs, one.overall.crest_db]).to.deep.equal([-6.02, -6.02, 0])
    const more = await levels(new Float32Array(rate + 1).fill(0.25))
    expect(more.seconds.rms_dbfs).to.deep.equal([-12.04, -12.04])
    const none = await levels(new Float32Array(0))
    expect([none.duration_secs, none.seconds.rms_dbfs, none.overall.rms_dbfs]).to.deep.equal([0, [], null])
    for (const { overall, seconds } of [one, more, none])
      expect(JSON.stringify([overall, seconds])).not.to.match(/NaN|Infinity/)
  })

  it('is the same whatever pieces the samples come in', async () => {
    const samples = noise(2.3 * rate, 0.3)
    const whole = await levels(samples, samples.length)
    for (const length of [1, 777, 2048, 4096]) expect(await levels(samples, length)).to.deep.equal(whole)
  })

  it('stops with the signal', async () => {
    const asked = { samples: pieces(noise(rate, 0.1), 1000), params: {}, signal: AbortSignal.abort() }
    expect(await soundLevels.run(asked).then(String, (error: Error) => error.name)).to.equal('AbortError')
  })
})

const at = (seconds: Record<string, unknown[]>, i: number): any =>
  Object.fromEntries(Object.entries(seconds).map(([name, values]) => [name, values[i]]))
