import type { WriteStream } from 'node:tty'
import { MultiBar, SingleBar } from 'cli-progress'

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

/** What one of several things that go on says of itself. */
export interface Line {
  name: string
  state: string
  /** From 0 to 1, as long as it goes on: then it has a bar on a terminal. */
  done?: number
  details: string
}

/** Many things that go on at the same time: bars on a terminal; elsewhere a line of each, and again when it is in another state or a tenth further. */
export interface Board {
  show(lines: readonly Line[]): void
  close(): void
}

export function createBoard(out: WriteStream): Board {
  return out.isTTY ? barsBeside(out) : linesOnChange(out)
}

const percent = (done: number) => Math.floor(100 * done)

function linesOnChange(out: WriteStream): Board {
  const told = new Map<string, string>()
  return {
    show: (lines) => {
      for (const { name, state, done, details } of lines) {
        const mark = `${state} ${done === undefined ? details : percent(done / 10)}`
        if (told.get(name) === mark) continue
        told.set(name, mark)
        const far = done === undefined || done >= 1 ? '' : ` ${percent(done)} %`
        out.write(`${name}: ${state}${far}${details && `, ${details}`}\n`)
      }
    },
    close: () => {},
  }
}

function barsBeside(out: WriteStream): Board {
  const format = '{name} {state} {bar} {percentage} %  {details}'
  // Lines are cut rather than the terminal told not to wrap, which Ctrl-C would leave it with.
  const all = new MultiBar({ format, stream: out, fps: 4, clearOnComplete: true, barsize: 30, linewrap: true })
  const known = new Map<string, ReturnType<typeof all.create>>()
  return {
    show: (lines) => {
      const width = Math.max(...lines.map(({ name }) => name.length))
      for (const { name, state, done, details } of lines) {
        const shown = { name: name.padEnd(width), state: state.padEnd(9), details }
        if (known.has(name)) known.get(name)!.update(percent(done ?? 1), shown)
        else if (done !== undefined) known.set(name, all.create(100, percent(done), shown))
      }
    },
    close: () => all.stop(),
  }
}
