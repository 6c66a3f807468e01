import { writeFileSync } from 'node:fs'
import os from 'node:os'
import Table from 'cli-table3'
import type { Options } from './bench.ts'
import { figureOf, inWords, spreadInWords, targetInWords } from './figure.ts'
import type { Figure, Measured } from './figure.ts'
import type { Progress } from '../platform/progress.ts'

/** Gathers figures, says each as it comes, and prints them all as a table. */
export class Report {
  readonly #figures: Figure[] = []
  readonly #notes: string[] = []
  readonly #progress: Progress
  /** Above zero somebody else was at work: the ratios then say more than the figures. */
  readonly #loadBefore = os.loadavg()[0]!

  constructor(progress: Progress) {
    this.#progress = progress
  }

  add(measured: Measured): Figure {
    const figure = figureOf(measured)
    this.#figures.push(figure)
    this.#progress.say(`${figure.what}: ${spreadInWords(figure.ours, figure.unit)}`)
    return figure
  }

  /** A line below the table. */
  note(line: string): void {
    this.#notes.push(line)
  }

  print(): void {
    const table = new Table({
      head: ['what', 'ours (range)', 'limit or peer', 'ratio', 'target', 'ok?'],
      chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
      style: process.stdout.isTTY ? { head: ['bold'], border: ['gray'] } : { head: [], border: [] },
    })
    for (const { what, unit, ours, beside, ratio, targets, ok } of this.#figures)
      table.push([
        what,
        spreadInWords(ours, unit),
        beside ? `${inWords(beside.median, unit)} ${beside.what}` : '',
        ratio === undefined ? '' : `${ratio.toFixed(2)}×`,
        targets.map((target) => targetInWords(target, unit)).join(', '),
        ok === undefined ? '' : ok ? 'yes' : 'MISSED',
      ])
    console.log(String(table))
    for (const note of this.#notes) console.log(note)
    const asked = this.#figures.filter(({ ok }) => ok !== undefined)
    const kept = asked.filter(({ ok }) => ok)
    console.log(`${kept.length} of ${asked.length} targets kept; ${this.#machine()}`)
  }

  write(file: string, bench: string, options: Options): void {
    const about = { bench, at: new Date().toISOString(), machine: this.#machine(), options }
    writeFileSync(file, `${JSON.stringify({ ...about, figures: this.#figures, notes: this.#notes }, undefined, 2)}\n`)
  }

  #machine(): string {
    const processors = `${os.availableParallelism()} × ${os.cpus()[0]?.model ?? 'unknown processor'}`
    return `${processors}, Node ${process.versions.node}, load ${this.#loadBefore.toFixed(1)} before`
  }
}
