import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { Option } from 'commander'
import type { Bench, Session } from './bench.ts'
import { measureAppends } from './eventstore/appending.ts'
import type { Context, Filled } from './eventstore/context.ts'
import { fill } from './eventstore/filling.ts'
import { measureMemory, reportMemory } from './eventstore/footprint.ts'
import { measureGrowth } from './eventstore/growing.ts'
import { measureLive } from './eventstore/live.ts'
import { measureLoads } from './eventstore/loading.ts'
import { measureCatchUp, measureRaw, measureReadAll, record } from './eventstore/reading.ts'
import { clientOf, startCeiling, startStore } from './eventstore/servers.ts'
import { measureStart } from './eventstore/starting.ts'
import { wholeNumber, wholeNumbers } from './options.ts'

export const eventstore: Bench = {
  name: 'eventstore',
  description: 'the embedded event store: appends, reads, subscriptions, memory, start',
  phases: ['append', 'batches', 'read', 'raw', 'catch-up', 'loads', 'live', 'growth', 'memory', 'start'],
  options: [
    new Option('--events <n>', 'how many the store is filled with').default(200_000).argParser(wholeNumber),
    new Option('--writers <list>', 'how many append at once').default([1, 8, 64, 256]).argParser(wholeNumbers),
    new Option('--prof <folder>', 'write CPU profiles of the store into this folder'),
  ],
  async run(session) {
    const { scratch, options } = session
    const folder = path.join(scratch.folder, 'store')
    if (options['prof'] !== undefined) mkdirSync(options['prof'] as string, { recursive: true })
    const store = clientOf(await startStore(session, folder))
    const ceiling = clientOf(await startCeiling(session, scratch.folder))
    const { events, writers } = options as unknown as { events: number; writers: readonly number[] }
    await measure({ session, folder: scratch.folder, store, ceiling, events, writers })
    await Promise.all([store.client.dispose(), ceiling.client.dispose()])
    await Promise.all([store.child.end(), ceiling.child.end()])
    if (session.wants('start')) await measureStart(session, folder)
    if (options['prof'] !== undefined) notePlaces(session, options['prof'] as string)
  },
}

async function measure(context: Context): Promise<void> {
  const { session } = context
  const phase = async (name: string, act: () => Promise<unknown>) => {
    if (!session.wants(name)) return
    await act()
    reportMemory(context, name)
  }
  await phase('append', () => measureAppends(context))
  const needFilled = ['batches', 'read', 'raw', 'catch-up', 'loads', 'live', 'growth', 'memory', 'start']
  if (!needFilled.some((name) => session.wants(name))) return

  const filled: Filled = await fill(context)
  if (session.wants('batches')) reportMemory(context, 'batches')
  const recorded = await record(context, filled)
  await phase('read', () => measureReadAll(context, filled, recorded))
  await phase('raw', () => measureRaw(context, filled, recorded))
  await phase('catch-up', () => measureCatchUp(context, filled, recorded))
  await phase('loads', () => measureLoads(context, filled))
  await phase('live', () => measureLive(context))
  await phase('growth', () => measureGrowth(context))
  if (session.wants('memory')) await measureMemory(context)
}

function notePlaces({ report }: Session, folder: string): void {
  // Of its main threads: tsx has one of its own.
  const profiles = readdirSync(folder).filter((file) => /\.0\.\d+\.cpuprofile$/.test(file))
  for (const file of profiles) report.note(`profile: ${path.resolve(folder, file)}`)
}
