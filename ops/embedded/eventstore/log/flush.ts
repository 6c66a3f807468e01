import { Code, Refusal } from '../refusal.ts'

/** The disk, the quota, or the size of a file that is allowed. */
const NO_ROOM = ['ENOSPC', 'EDQUOT', 'EFBIG']

/** The appends that become durable by one write and one fdatasync. */
export class Flush {
  readonly start: number
  bytes: Buffer
  length = 0
  appends = 0
  readonly done: Promise<void>
  resolve!: () => void
  reject!: (reason: Error) => void

  constructor(start: number, bytes: Buffer) {
    this.start = start
    this.bytes = bytes
    this.done = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }))
    this.done.catch(() => {}) // every append waits on it by itself
  }

  get end(): number {
    return this.start + this.length
  }
}

/** What those who append are told when a flush failed. */
export function refusalOf(error: NodeJS.ErrnoException): Refusal {
  if (error instanceof Refusal) return error
  if (NO_ROOM.includes(error.code ?? ''))
    return new Refusal(Code.resourceExhausted, 'The disk is full: nothing was appended; reads go on')
  return new Refusal(Code.unavailable, `The log cannot be written: ${error.message}`)
}
