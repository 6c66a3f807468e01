import { memoryOf, peakDuring } from '../memory.ts'
import type { Context } from './context.ts'
import { readRaw } from './rawReader.ts'

const MOST_MB = 200
/** A leak shows from one reading to the next; the first one grows the heap to what it needs. */
const READINGS = 3
const GROWTH = 1.15

/** What the store's process has after a phase. */
export function reportMemory({ session, store }: Context, phase: string): void {
  const memory = memoryOf(store.child.pid)
  if (!memory) return
  session.report.add({
    id: `memory.${phase}`,
    what: `memory of the store after ${phase}`,
    unit: 'MB',
    ours: [memory.own],
    beside: { what: 'mapped, apart', values: [memory.mapped], compared: false },
    targets: [{ of: 'ours', most: MOST_MB }],
  })
}

/** Does a reader of everything make the store grow? */
export async function measureMemory({ session, store }: Context): Promise<void> {
  const { pid, ready } = store.child
  const step = session.progress.step('read everything, watching memory', READINGS)
  const peaks: number[] = []
  for (let i = 0; i < READINGS; i++) {
    const peak = await peakDuring(pid, () => readRaw(ready.port, {}))
    if (peak !== undefined) peaks.push(peak)
    step.at(i + 1)
  }
  step.end()
  if (peaks.length === 0) return session.report.note('Memory is not shown: this system has no /proc.')
  session.report.add({
    id: 'memory.reading',
    what: 'most memory during the last of three reads of everything',
    unit: 'MB',
    ours: peaks.slice(-1),
    beside: { what: 'during the first', values: peaks.slice(0, 1) },
    targets: [
      { of: 'ours', most: MOST_MB },
      { of: 'ratio', most: GROWTH },
    ],
  })
}
