import { expect } from 'chai'
import { indexAt, nextFrom, previousFrom, segmentsIn, shareOf } from '../../frontend-app/src/segments.ts'
import { createPlayhead } from '../../frontend-app/src/playhead.ts'
import { tenths } from '../../packages/web-shared/src/words.ts'

describe('segments of a recording, in the dashboard', () => {
  const first = { start_secs: 3, end_secs: 5.5, confidence: 0.97 }
  const second = { start_secs: 13.8, end_secs: 15.8 }

  it('are what a result says, in order, with a confidence where there is one', () => {
    expect(segmentsIn({ segments: [second, first] })).to.deep.equal([first, second])
    expect(segmentsIn({ segments: [{ ...second, confidence: null }] })).to.deep.equal([second])
  })

  it('are none where a result is of another kind or makes no sense', () => {
    for (const result of [undefined, null, 'x', [], {}, { segments: 'x' }])
      expect(segmentsIn(result), JSON.stringify(result)).to.deep.equal([])
    const odd = [null, 7, {}, { start_secs: 5, end_secs: 4 }, { start_secs: -1, end_secs: 4 }, { start_secs: '1' }]
    expect(segmentsIn({ segments: [...odd, first] })).to.deep.equal([first])
  })

  it('know which of them is played, and lead to the next and the one before', () => {
    const both = [first, second]
    expect([0, 3, 5.4, 5.5, 14, 19].map((secs) => indexAt(both, secs))).to.deep.equal([-1, 0, 0, -1, 1, -1])
    expect([0, 3, 4, 13.8].map((secs) => nextFrom(both, secs))).to.deep.equal([first, second, second, undefined])
    // Whoever goes back just behind a beginning goes to the one before; later, to this beginning.
    expect([2, 4, 14, 15].map((secs) => previousFrom(both, secs))).to.deep.equal([undefined, first, first, second])
  })

  it('have a share in the recording', () => {
    expect(shareOf([first, second], 20)).to.be.closeTo(0.225, 1e-9)
    expect([shareOf([first], 0), shareOf([], 20), shareOf([first], 1)]).to.deep.equal([0, 0, 1])
  })

  it('begin at a tenth of a second', () => {
    expect([0, 3.04, 59.96, 75.5, 3600].map(tenths)).to.deep.equal([
      '0:00.0',
      '0:03.0',
      '1:00.0',
      '1:15.5',
      '1:00:00.0',
    ])
  })
})

describe('the playhead', () => {
  it('goes where it is told to with the player that there is, and tells where it is', () => {
    const playhead = createPlayhead()
    const asked: [number, boolean][] = []
    let told = 0
    const stop = playhead.subscribe(() => told++)
    playhead.playFrom(1)
    const detach = playhead.attach((secs, play) => asked.push([secs, play]))
    expect(playhead.canPlay()).to.equal(true)
    playhead.playFrom(3)
    playhead.seek(4)
    playhead.moved(4.5)
    expect(asked).to.deep.equal([
      [3, true],
      [4, false],
    ])
    expect([playhead.at(), told]).to.deep.equal([4.5, 2])
    // The one that took its place stays.
    playhead.attach(() => undefined)
    detach()
    expect(playhead.canPlay()).to.equal(true)
    stop()
    playhead.moved(9)
    expect(told).to.equal(3)
  })
})
