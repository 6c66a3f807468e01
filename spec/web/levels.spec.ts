import { expect } from 'chai'
import { colourOf, type Levels, levelsIn, pointsOf, rangeOf } from '../../frontend-app/src/levels.ts'

const levels: Levels = {
  duration_secs: 4.5,
  bands_hz: [63, 125],
  overall: { rms_dbfs: -20, peak_dbfs: -3, crest_db: 17 },
  seconds: {
    rms_dbfs: [-20, -20, null, null, -10],
    peak_dbfs: [-3, -6, null, -9, -1],
    bands_dbfs: [
      [-30, -40],
      [-30, null],
      [null, null],
      [null, null],
      [-50, -60],
    ],
  },
}

describe('sound levels, in the dashboard', () => {
  it('are what sound-levels says, with or without bands', () => {
    expect(levelsIn(levels)).to.deep.equal(levels)
    const { rms_dbfs, peak_dbfs } = levels.seconds
    const without = levelsIn({ duration_secs: 4.5, overall: levels.overall, seconds: { rms_dbfs, peak_dbfs } })!
    expect([without.bands_hz, without.seconds.bands_dbfs]).to.deep.equal([[], []])
    expect(pointsOf(without)[0]).to.deep.equal({ at: 0.5, rms: -20, peak: -3, bands: [] })
  })

  it('are none where a result is of another kind', () => {
    for (const result of [undefined, null, {}, { segments: [] }, { seconds: {} }, { ...levels, seconds: null }])
      expect(levelsIn(result), JSON.stringify(result)).to.equal(undefined)
  })

  it('are a point for every second, in its middle', () => {
    const points = pointsOf(levels)
    expect(points.map(({ at }) => at)).to.deep.equal([0.5, 1.5, 2.5, 3.5, 4.25])
    expect(points.map(({ rms }) => rms && Math.round(rms))).to.deep.equal(levels.seconds.rms_dbfs)
    expect(points[1]!.bands[1]).to.equal(null)
  })

  it('are the mean of energies and the highest of peaks where there are too many seconds', () => {
    const points = pointsOf(levels, 3)
    expect(points.map(({ at }) => at)).to.deep.equal([1, 3, 4.25])
    expect(points.map(({ peak }) => peak)).to.deep.equal([-3, -9, -1])
    expect([points[0]!.rms, points[1]!.rms]).to.deep.equal([-20, null])
    // Half the energy of −40 dB.
    expect(points[0]!.bands[1]).to.be.closeTo(-43.01, 0.01)
    expect(pointsOf({ ...levels, seconds: { rms_dbfs: [], peak_dbfs: [], bands_dbfs: [] } })).to.deep.equal([])
  })

  it('lie in a round range, and are the brighter the louder', () => {
    expect(rangeOf([-27, -71, null])).to.deep.equal({ floor: -80, top: -20 })
    expect(rangeOf([null])).to.deep.equal({ floor: -40, top: -20 })
    expect(rangeOf([-130])).to.deep.equal({ floor: -120, top: -100 })
    const range = { floor: -80, top: -20 }
    const brightness = [null, -80, -65, -50, -35, -20, 0].map((level) =>
      colourOf(level, range).reduce((sum, part) => sum + part, 0),
    )
    expect(brightness).to.deep.equal([...brightness].sort((one, other) => one - other))
    expect([colourOf(null, range), colourOf(-20, range)]).to.deep.equal([
      [68, 1, 84],
      [253, 231, 37],
    ])
  })
})
