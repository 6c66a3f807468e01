import { readFileSync } from 'node:fs'
import Table from 'cli-table3'
import { z } from 'zod'
import { inWords } from './figure.ts'
import { adviceOf, type Fleet, growthOf, loadsOf, type Medians } from './scaling.ts'

const Measured = z.object({
  machine: z.string(),
  options: z.looseObject({ seconds: z.number().optional() }),
  figures: z.array(z.object({ id: z.string(), ours: z.object({ median: z.number() }) })),
})

/** What `--json` of benches wrote, together; of a figure that is in two files the later one. */
export function mediansIn(files: readonly string[]): { medians: Medians; machines: Set<string> } {
  const medians = new Map<string, number>()
  const machines = new Set<string>()
  for (const file of files) {
    const { machine, options, figures } = Measured.parse(JSON.parse(readFileSync(file, 'utf8')))
    machines.add(machine)
    for (const { id, ours } of figures)
      medians.set(id, id === 'transcode.all' ? (ours.median * 60) / (options.seconds ?? 60) : ours.median)
  }
  return { medians, machines }
}

const factors = [1, 10, 1000, 100_000]

/** Prints what each thing costs by these figures, what a fleet and its multiples keep busy, and what they need. */
export function scale(files: readonly string[], fleet: Fleet): void {
  const { medians, machines } = mediansIn(files)
  const times = factors.map((factor) => ({ ...fleet, devices: factor * fleet.devices }))
  const { loads, unknown } = loadsOf(fleet, medians)
  const table = new Table({
    head: ['machines busy at the peak', 'one costs', ...factors.map((n) => `${n.toLocaleString('en')}×`)],
  })
  for (const [i, { work, costMs }] of loads.entries())
    table.push([work, inWords(costMs, 'ms'), ...times.map((one) => shown(loadsOf(one, medians).loads[i]!.machines))])
  console.log(String(table))
  for (const one of times) {
    const { gigabytes, events, rows } = growthOf(one)
    console.log(
      `\n${one.devices.toLocaleString('en')} devices: ${inWords(gigabytes, '')}GB, ${inWords(events, '')}events and ${inWords(rows, '')}rows a day`,
    )
    for (const line of adviceOf(loadsOf(one, medians).loads)) console.log(`  ${line}`)
  }
  if (unknown.length > 0) console.log(`\nnot counted, since no file has them: ${unknown.join(', ')}`)
  for (const machine of machines) console.log(`measured on ${machine}`)
}

const shown = (machines: number) =>
  machines < 0.001 ? '< 0.001' : machines < 10 ? machines.toPrecision(2) : machines.toFixed(0)
