import path from 'node:path'
import { interleaved } from '../measure.ts'
import { appending } from './appending.ts'
import type { Context } from './context.ts'
import { appendingBatches } from './filling.ts'
import { clientOf, startStore } from './servers.ts'

const WRITERS = 64
const TARGETS = [{ of: 'ratio', least: 0.9 }] as const

/** Is a full store as quick as an empty one? Both at the same time: between the first and the last tenth much else may happen. */
export async function measureGrowth({ session, folder, store, events }: Context): Promise<void> {
  const { report, progress, options } = session
  const empty = clientOf(await startStore(session, path.join(folder, 'empty')))
  progress.step('a full store beside an empty one', options.rounds)
  const { full, fresh, fullBatches, freshBatches } = await interleaved(options.rounds, {
    full: () => appending(store.client, WRITERS),
    fresh: () => appending(empty.client, WRITERS),
    fullBatches: () => appendingBatches(store.client),
    freshBatches: () => appendingBatches(empty.client),
  })
  await empty.client.dispose()
  await empty.child.end()
  report.add({
    id: 'growth.append',
    what: `append, ${WRITERS} writers, behind ${events} events`,
    unit: '/s',
    ours: full.map(({ perSecond }) => perSecond),
    beside: { what: 'an empty store', values: fresh.map(({ perSecond }) => perSecond) },
    targets: TARGETS,
  })
  report.add({
    id: 'growth.batches',
    what: `batches behind ${events} events`,
    unit: '/s',
    ours: fullBatches,
    beside: { what: 'an empty store', values: freshBatches },
    targets: TARGETS,
  })
}
