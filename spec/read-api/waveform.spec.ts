import { expect } from 'chai'
import { type Peaks, zoomedOut } from '../../read-api/waveform.ts'

const peaks = (...data: number[]): Peaks => ({
  ...{ version: 2, channels: 1, sample_rate: 48_000, samples_per_pixel: 256, bits: 8 },
  ...{ length: data.length / 2, data },
})

describe('a waveform with fewer pixels', () => {
  it('is as low and as high as the pixels that each stands for', () => {
    const all = peaks(-1, 5, -9, 2, -3, 7, -2, 1, -128, 127)
    expect(zoomedOut(all, 2)).to.deep.equal({ ...peaks(-9, 5, -3, 7, -128, 127), samples_per_pixel: 512 })
    expect(zoomedOut(all, 4)).to.deep.equal({ ...peaks(-9, 7, -128, 127), samples_per_pixel: 1024 })
    expect(zoomedOut(all, 1)).to.deep.equal(all)
  })
  it('is one pixel where there is one, and none where there is none', () => {
    expect(zoomedOut(peaks(-3, 4), 32).data).to.deep.equal([-3, 4])
    expect(zoomedOut(peaks(), 2).data).to.deep.equal([])
  })
})
