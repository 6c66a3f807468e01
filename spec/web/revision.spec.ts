import { expect } from 'chai'
import { ifMatch, revisionIn } from '../../packages/web-shared/src/revision.ts'

describe('the revision that a dashboard saves by', () => {
  const id = crypto.randomUUID()
  const of = (category: string, revision: number) => ({ stream: `${category}-${id}`, revision })

  it('is of the resource’s own stream, whatever else of it ends the same', () => {
    const items = [of('device', 0), of('device', 1), of('deviceFirmware', 7), of('sub-device', 9)]
    expect(revisionIn(items, 'device', id)).to.equal(1)
    expect(ifMatch(revisionIn(items, 'device', id))).to.deep.equal({ 'If-Match': '"1"' })
  })

  it('is none where no event of it is shown', () => {
    expect(ifMatch(revisionIn([of('deviceFirmware', 7)], 'device', id))).to.deep.equal({})
  })
})
