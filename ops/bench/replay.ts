import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Option } from 'commander'
import pg from 'pg'
import type { Bench, Session } from './bench.ts'
import { generate } from './generate.ts'
import { install, type Installation, installPeers } from './installation.ts'
import { interleaved, median } from './measure.ts'
import { wholeNumber, wholeNumbers } from './options.ts'

/** So many of the same events Emmett is given: more would take minutes a round. */
const emmettEvents = 20_000

export const replay: Bench = {
  name: 'replay',
  description: 'a full rebuild of all read models, beside a bare read of the log and Emmett’s rebuild of one',
  phases: ['client', 'bulk', 'emmett'],
  options: [
    new Option('--events <list>', 'logs of how many').default([100_000, 1_000_000]).argParser(wholeNumbers),
    new Option('--seed <n>', 'of the logs').default(1).argParser(wholeNumber),
  ],
  async run(session) {
    const sizes = session.options['events'] as unknown as readonly number[]
    const seconds = new Map<string, number>()
    for (const [i, events] of sizes.entries()) {
      const installation = await install(session, { name: `log-${events}`, events })
      if (i === 0 && session.wants('emmett')) await beside(session, installation)
      for (const reader of ['client', 'bulk'] as const)
        if (session.wants(reader)) seconds.set(`${reader} ${events}`, await measure(session, installation, reader))
      await installation.stop()
    }
    const [small, large] = [sizes[0]!, sizes.at(-1)!]
    if (small === large) return
    for (const reader of ['client', 'bulk'])
      if (session.wants(reader))
        session.report.add({
          id: `replay.${reader}.growth`,
          what: `rebuild (${reader}) of ${large} events`,
          unit: 's',
          ours: [seconds.get(`${reader} ${large}`)!],
          beside: { what: `of ${small}`, values: [seconds.get(`${reader} ${small}`)!] },
          targets: [{ of: 'ratio', most: (large / small) * 1.05 }],
        })
  },
}

interface Rebuilt {
  buildMs: number
  verifyMs: number
  peakMb: number
}

/** Seconds of the build, the median of the rounds. */
async function measure(
  session: Session,
  { dataDir, events }: Installation,
  reader: 'client' | 'bulk',
): Promise<number> {
  const { report, options } = session
  const program = (file: string, ...args: string[]) =>
    ended<Rebuilt & { ms: number }>(session, `ops/bench/replay/${file}`, [dataDir, ...args])
  const { ours, bare, tables } = await interleaved(options.rounds, {
    bare: () => program('read.ts', 'client'),
    ours: () => program('rebuild.ts', reader),
    tables: () => program('tables.ts'),
  })
  const named = `rebuild of all read models by the ${reader === 'client' ? 'official client' : 'bulk reader'}, ${events} events`
  report.add({
    id: `replay.${reader}.${events}`,
    what: `${named}: events`,
    unit: '/s',
    ours: ours.map(({ buildMs }) => (events * 1000) / buildMs),
    beside: { what: 'bare read by the client', values: bare.map(({ ms }) => (events * 1000) / ms) },
    targets: [{ of: 'ours', least: reader === 'client' ? 28_000 : events >= 1_000_000 ? 70_000 : 60_000 }],
  })
  report.add({
    id: `replay.${reader}.${events}.tables`,
    what: 'the same',
    unit: '/s',
    ours: ours.map(({ buildMs }) => (events * 1000) / buildMs),
    beside: {
      what: 'Postgres alone, of the same rows from files',
      values: tables.map(({ ms }) => (events * 1000) / ms),
    },
  })
  report.add({
    id: `replay.${reader}.${events}.verify`,
    what: `its verification`,
    unit: 's',
    ours: ours.map(({ verifyMs }) => verifyMs / 1000),
  })
  report.add({
    id: `replay.${reader}.${events}.memory`,
    what: `its most memory`,
    unit: 'MB',
    ours: ours.map(({ peakMb }) => peakMb),
    targets: [{ of: 'ours', most: 600 }],
  })
  return median(ours.map(({ buildMs }) => buildMs)) / 1000
}

/** Emmett, on a database of the same server and the first of the same events. */
async function beside(session: Session, { dataDir, config }: Installation): Promise<void> {
  const { report, options, progress } = session
  installPeers(session)
  const url = new URL(config.DATABASE_URL)
  const admin = new pg.Client(config.DATABASE_URL)
  await admin.connect()
  await admin.query('create database emmett')
  await admin.end()
  url.pathname = '/emmett'
  const step = progress.step(`${emmettEvents} of the same events for Emmett`, emmettEvents)
  await fillEmmett(url.href, options['seed'] as number, (done) => step.at(done))
  step.end()
  const { ours, theirs } = await interleaved(options.rounds, {
    theirs: () => ended<{ ms: number }>(session, 'ops/bench/peers/emmett.mjs', [url.href, 'rebuild']),
    ours: () => ended<Rebuilt>(session, 'ops/bench/replay/rebuild.ts', [dataDir, 'client']),
  })
  const first = (options['events'] as unknown as readonly number[])[0]!
  report.add({
    id: 'replay.emmett',
    what: `rebuild of all read models by the official client, ${first} events: events`,
    unit: '/s',
    ours: ours.map(({ buildMs }) => (first * 1000) / buildMs),
    beside: {
      what: `Emmett 0.42, 1 read model, ${emmettEvents} events`,
      values: theirs.map(({ ms }) => (emmettEvents * 1000) / ms),
    },
    targets: [{ of: 'ratio', least: 10 }],
  })
}

async function fillEmmett(url: string, seed: number, onDone: (events: number) => void): Promise<void> {
  const file = path.join(import.meta.dirname, 'peers/emmett.mjs')
  const child = spawn(process.execPath, [file, url], { stdio: ['pipe', 'pipe', 'inherit'] })
  const filled = once(createInterface(child.stdout), 'line')
  let written = 0
  for (const event of generate(seed, emmettEvents, () => 'wrapped')) {
    if (!child.stdin.write(`${JSON.stringify(event)}\n`)) await once(child.stdin, 'drain')
    onDone(++written)
  }
  child.stdin.end()
  await filled
}

/** Runs a program to its end; what its one line says. */
async function ended<Said>({ scratch }: Session, file: string, args: readonly string[]): Promise<Said> {
  const child = await scratch.start<Said>({ file, args })
  await child.end()
  return child.ready
}
