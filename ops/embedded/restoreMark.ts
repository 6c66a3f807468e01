import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const markIn = (dataDir: string) => path.join(dataDir, 'restoring')

/** Throws where a restore into this data folder was broken off: what is there is a part of it. */
export function refuseHalfRestored(dataDir: string): void {
  if (existsSync(markIn(dataDir)))
    throw new Error(`A restore into ${dataDir} was broken off: remove what it left there, and restore again`)
}

/** From now on nothing is started on this data folder, until what is returned is called. */
export function markRestoring(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(markIn(dataDir), '', { mode: 0o600, flush: true })
  return () => rmSync(markIn(dataDir))
}
