import fs from 'node:fs/promises'
import path from 'node:path'
import { interleaved } from '../measure.ts'
import type { Session } from '../bench.ts'
import { startStore } from './servers.ts'

const ROUNDS = 3

/** From the spawn to the line that says it is ready; `folder` is that of a store that has ended. */
export async function measureStart(session: Session, folder: string): Promise<void> {
  const rounds = Math.min(ROUNDS, session.options.rounds)
  const startOf = async (at: string): Promise<number> => {
    const child = await startStore(session, at)
    await child.end()
    return child.readyMs / 1000
  }
  session.progress.step('start', rounds)
  let fresh = 0
  const measured = await interleaved(
    rounds,
    {
      ours: () => startOf(folder),
      empty: () => startOf(path.join(session.scratch.folder, `empty-${fresh++}`)),
      rebuild: async () => {
        await fs.rm(path.join(folder, 'index'), { recursive: true })
        return startOf(folder)
      },
    },
    { warmUp: false },
  )
  const beside = { what: 'an empty store', values: measured.empty }
  session.report.add({ id: 'start', what: 'start', unit: 's', ours: measured.ours, beside })
  const what = 'start without its index: rebuild'
  session.report.add({ id: 'start.rebuild', what, unit: 's', ours: measured.rebuild, beside })
}
