import type { WriteStream } from 'node:tty'
import { SingleBar } from 'cli-progress'

export interface Step {
  /** So much of the step's total is done. */
  at(done: number): void
  end(): void
}

/** Bars on a terminal, plain lines elsewhere. */
export interface Progress {
  say(line: string): void
  step(what: string, total: number): Step
  close(): void
}

export function createProgress(out: WriteStream): Progress {
  return out.isTTY ? bars(out) : lines(out)
}

function lines(out: WriteStream): Progress {
  const say = (line: string) => void out.write(`${line}\n`)
  return {
    say,
    step: (what) => {
      say(`… ${what}`)
      return { at: () => {}, end: () => {} }
    },
    close: () => {},
  }
}

function bars(out: WriteStream): Progress {
  let bar: SingleBar | undefined
  const close = () => {
    bar?.stop()
    bar = undefined
  }
  return {
    say: (line) => {
      close()
      out.write(`${line}\n`)
    },
    step: (what, total) => {
      close()
      const format = `${what} {bar} {percentage} % {eta_formatted}`
      // Slow, and drawn from `update` alone: the bar must not take time from what is measured.
      bar = new SingleBar({ format, stream: out, fps: 4, clearOnComplete: true, barsize: 30 })
      bar.start(total, 0)
      return { at: (done) => bar?.update(done), end: close }
    },
    close,
  }
}
