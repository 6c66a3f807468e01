import { expect } from 'chai'
import fc from 'fast-check'
import { segmentsOf } from '../../../workers/models/speech.ts'

const params = { threshold: 0.5, min_speech_ms: 250, min_silence_ms: 100, speech_pad_ms: 30 }
/** Windows of 32 ms, each so probably speech. */
const segments = (probabilities: number[], change: Partial<typeof params> = {}) =>
  segmentsOf(probabilities, { ...params, ...change, window_secs: 0.032, duration_secs: probabilities.length * 0.032 })
const windows = (...parts: [probability: number, windows: number][]) =>
  parts.flatMap(([probability, length]) => new Array<number>(length).fill(probability))

describe('segments of speech', () => {
  it('begin at the threshold, end 0.15 below it, and are widened at both ends', () => {
    const found = segments(windows([0, 10], [0.9, 10], [0.4, 10], [0.1, 10]))
    expect(found).to.deep.equal([{ start_secs: 0.29, end_secs: 0.99, confidence: 0.65 }])
  })

  it('of less than a quarter of a second are none', () =>
    expect(
      [windows([0, 5], [0.9, 7], [0, 5]), windows([0, 5], [0.9, 8], [0, 5])].map((one) => segments(one).length),
    ).to.deep.equal([0, 1]))

  it('go on over a pause of less than a tenth of a second', () =>
    expect([3, 4].map((pause) => segments(windows([0.9, 10], [0, pause], [0.9, 10], [0, 5])).length)).to.deep.equal([
      1, 2,
    ]))

  it('reach to the end of a recording that ends while somebody speaks, and not beyond', () =>
    expect(segments(windows([0, 10], [1, 10]))).to.deep.equal([{ start_secs: 0.29, end_secs: 0.64, confidence: 1 }]))

  it('are widened to the middle of a pause at most', () => {
    const [one, other] = segments(windows([1, 10], [0, 4], [1, 10]), { speech_pad_ms: 5000 })
    expect([one!.start_secs, one!.end_secs, other!.start_secs, other!.end_secs]).to.deep.equal([0, 0.384, 0.384, 0.768])
  })

  it('lie within the recording, in order, apart, each as long as speech must be, whatever is heard', () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 300 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (probabilities, threshold) => {
          const found = segments(probabilities, { threshold, min_speech_ms: 64 })
          let end = 0
          for (const { start_secs, end_secs, confidence } of found) {
            expect(start_secs).to.be.at.least(end)
            expect(end_secs - start_secs).to.be.at.least(0.063)
            expect(confidence).to.be.within(0, 1)
            end = end_secs
          }
          expect(end).to.be.at.most(probabilities.length * 0.032 + 0.001)
        },
      ),
    ))
})
