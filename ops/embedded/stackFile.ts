import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { decode, encode, identify, isRunning } from './identity.ts'

export interface Addresses {
  EVENTSTORE_URL?: string
  DATABASE_URL?: string
  NATS_URL?: string
  S3_ENDPOINT?: string
  /** Absent where its runtime is not installed. */
  INFERENCE_URL?: string
}

/** What an operator command needs to attach to a running stack. The URLs carry their own credentials; S3's are beside them. */
export interface RunningStack {
  readonly owner: number
  readonly addresses: Addresses
  readonly s3: { readonly accessKey: string; readonly secretKey: string }
}

const fileIn = (dataDir: string) => path.join(dataDir, 'stack.json')

export function writeStack(dataDir: string, stack: Omit<RunningStack, 'owner'>): void {
  const identity = encode(identify(process.pid, dataDir)!)
  const draft = `${fileIn(dataDir)}.tmp`
  rmSync(draft, { force: true })
  writeFileSync(draft, `${JSON.stringify({ owner: process.pid, identity, ...stack }, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, fileIn(dataDir))
}

/** The stack that runs on this data folder; undefined when none does, whatever a killed one left behind. */
export function readStack(dataDir: string): RunningStack | undefined {
  let text
  try {
    text = readFileSync(fileIn(dataDir), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const { identity, ...stack } = JSON.parse(text) as RunningStack & { identity: string }
  const owner = decode(identity)
  return owner && isRunning(owner, dataDir) ? stack : undefined
}

export const removeStack = (dataDir: string) => rmSync(fileIn(dataDir), { force: true })
