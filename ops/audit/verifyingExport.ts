import { statSync } from 'node:fs'
import { readExport } from '../events/exportFile.ts'
import { type VerifiedChain, Verifying } from './verifying.ts'

/** Makes the chain anew from an export alone, and compares it with what the export says of itself and with the head that was kept elsewhere. */
export async function verifyExport(
  file: string,
  head: string | undefined,
  onProgress: (done: number, total: number) => void,
): Promise<VerifiedChain> {
  const verifying = new Verifying(head)
  const total = statSync(file).size
  for await (const { what, bytes } of readExport(file)) {
    if ('lines' in what && what.head !== verifying.head)
      return verifying.ended(`The export ends at the head ${what.head}, and its events at ${verifying.head}`)
    if (!('event' in what)) continue
    const { event, chain } = what
    const fault = verifying.add(event, () => ({ hash: Buffer.from(chain ?? '', 'hex') }))
    if (fault !== undefined) return verifying.ended(fault)
    onProgress(bytes, total)
  }
  return verifying.ended()
}
