import { expect } from 'chai'
import fc from 'fast-check'
import { inParts } from '../../ops/platform/objectParts.ts'

async function* chunksOf(chunks: readonly Buffer[]) {
  yield* chunks
}

describe('parts of a stream of bytes', () => {
  const chunk = fc.uint8Array({ maxLength: 300_000 }).map((bytes) => Buffer.from(bytes))

  it('are all of it in its order, each of the same size but for the last, also where they are given back late', async () => {
    const property = fc.asyncProperty(
      fc.array(chunk, { maxLength: 8 }),
      fc.integer({ min: 1, max: 200_000 }),
      fc.integer({ min: 0, max: 2 }),
      async (chunks, partBytes, underWay) => {
        const whole = Buffer.concat(chunks)
        const waiting: (() => void)[] = []
        const cut: { bytes: Buffer; isLast: boolean }[] = []
        for await (const { bytes, isLast, giveBack } of inParts(chunksOf(chunks), partBytes)) {
          cut.push({ bytes: Buffer.from(bytes), isLast })
          // Still the same when it is given back, whatever was gathered since.
          waiting.push(() => {
            expect(bytes.equals(cut[cut.length - 1 - waiting.length]!.bytes)).to.equal(true)
            giveBack()
          })
          if (waiting.length > underWay) waiting.shift()!()
        }
        expect(Buffer.concat(cut.map(({ bytes }) => bytes)).equals(whole)).to.equal(true)
        expect(cut.map(({ isLast }) => isLast)).to.deep.equal(cut.map((_, i) => i === cut.length - 1))
        expect(cut.slice(0, -1).every(({ bytes }) => bytes.length === partBytes)).to.equal(true)
        expect(cut).to.have.length(Math.max(1, Math.ceil(whole.length / partBytes)))
      },
    )
    await fc.assert(property, { numRuns: 50 })
  })

  it('hold few buffers, however long it is', async () => {
    const buffers = new Set<ArrayBufferLike>()
    const chunks = Array.from({ length: 100 }, () => Buffer.alloc(64 * 1024))
    for await (const { bytes, giveBack } of inParts(chunksOf(chunks), 128 * 1024)) {
      buffers.add(bytes.buffer)
      giveBack()
    }
    expect(buffers.size).to.be.lessThan(4)
  })
})
