export interface ObjectPart {
  bytes: Buffer
  isLast: boolean
  /** To be called once nobody reads its bytes any more: a later part is written over them. */
  giveBack(): void
}

/** What is gathered at first: most objects are far smaller than a part. */
const smallestBytes = 64 * 1024

/**
 * Cuts a stream of bytes into parts of that many; only the last one may be shorter, and of an empty stream it is empty. Chunks are copied as they come, so
 * that none is held: in memory are the parts that were not given back, and the one that is gathered.
 */
export async function* inParts(source: AsyncIterable<Buffer>, partBytes: number): AsyncGenerator<ObjectPart> {
  const spare: Buffer[] = []
  const part = (gathered: Buffer, size: number, isLast: boolean): ObjectPart => ({
    bytes: gathered.subarray(0, size),
    isLast,
    giveBack: () => void spare.push(gathered),
  })
  let gathered: Buffer = Buffer.allocUnsafeSlow(Math.min(smallestBytes, partBytes))
  let size = 0
  for await (const chunk of source)
    for (let at = 0; at < chunk.length;) {
      if (size === partBytes) {
        yield part(gathered, size, false)
        gathered = spare.pop() ?? Buffer.allocUnsafeSlow(partBytes)
        size = 0
      } else if (size === gathered.length) {
        const wider = Buffer.allocUnsafeSlow(Math.min(2 * size, partBytes))
        gathered.copy(wider)
        gathered = wider
      }
      const copied = chunk.copy(gathered, size, at)
      at += copied
      size += copied
    }
  yield part(gathered, size, true)
}
