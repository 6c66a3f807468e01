import { expect } from 'chai'
import { Places, PlacesWriter } from '../../../ops/embedded/eventstore/log/places.ts'
import { LOG_HEAD } from '../../../ops/embedded/eventstore/log/record.ts'

const APART = 16 * 1024
const RECORD = 2000
const COUNT = 1000

describe('The places of a scavenged segment', () => {
  /** Of records of one length of which every second was dropped. */
  const positionOf = (i: number) => LOG_HEAD + 2 * i * RECORD
  const offsetOf = (i: number) => LOG_HEAD + i * RECORD
  const writer = new PlacesWriter()
  for (let i = 0; i < COUNT; i++) writer.note(positionOf(i), offsetOf(i))
  const bytes = writer.finish(offsetOf(COUNT), positionOf(COUNT)).toBytes()
  /** As a file has them: behind the records. */
  const file = Buffer.concat([Buffer.alloc(offsetOf(COUNT)), bytes])
  const read = (of = file) => Places.read(of.length, (offset, length) => of.subarray(offset, offset + length))

  it('are one record in 16 KiB', () => {
    const noted = new Set(Array.from({ length: COUNT }, (_, i) => read()!.atOrBefore(positionOf(i), -1)))
    // The ninth record behind a noted one is the first that lies far enough behind it.
    expect([...noted]).to.deep.equal(Array.from({ length: 112 }, (_, i) => offsetOf(9 * i)))
  })

  it('lead to less than that before every record, and before every one that was dropped', () => {
    const places = read()!
    for (let i = 0; i < COUNT; i++)
      for (const position of [positionOf(i), positionOf(i) + 1, positionOf(i) + RECORD])
        expect(offsetOf(i) - places.atOrBefore(position, -1), `${position}`).to.be.within(0, APART)
    expect(places.atOrBefore(LOG_HEAD - 1, 7)).to.equal(7)
  })

  it('say where the records and the segment end', () => {
    expect(read()).to.include({ dataEnd: offsetOf(COUNT), end: positionOf(COUNT) })
  })

  it('are none where a byte of them is another one', () => {
    for (const at of [offsetOf(COUNT), offsetOf(COUNT) + 700, file.length - 20, file.length - 1]) {
      const damaged = Buffer.from(file)
      damaged[at]! ^= 1
      expect(read(damaged), `${at}`).to.equal(undefined)
    }
    expect(read(file.subarray(0, 20))).to.equal(undefined)
  })
})
