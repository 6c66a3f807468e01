import { interleaved } from '../measure.ts'
import { memoryOf, peakDuring } from '../memory.ts'
import { asksFor, type Context } from './context.ts'
import { downloadOver } from './downloading.ts'

/** Of each connection, bytes a second. */
const slowly = 1 << 20
/** MB. */
const mostGrowth = 64

export async function memory({ session, server, fleet }: Context): Promise<void> {
  const { options, report } = session
  const { release, members } = fleet
  const { url } = server.ready
  const request = (n: number) => asksFor(url, release, members[n % members.length]!)
  const connections = options['downloads'] as number
  const download = async () => {
    const { refused } = await downloadOver(url, { connections, calls: connections, bytesPerSecond: slowly }, request)
    if (refused > 0) throw new Error(`${refused} downloads were refused`)
  }
  // Its image is nearby, and its code is warm.
  await downloadOver(url, { connections: 16, calls: 100 }, request)
  const before = memoryOf(server.pid)?.own
  if (before === undefined) return report.note('memory is only looked at where there is a /proc')
  const peaks = await interleaved(options.rounds, { most: () => peakDuring(server.pid, download) }, { warmUp: false })
  report.add({
    id: 'ota.memory',
    what: `the server's memory grows by, while ${connections} download slowly`,
    unit: 'MB',
    ours: peaks.most.map((peak) => peak! - before),
    beside: { what: 'before', values: [before], compared: false },
    targets: [{ of: 'ours', most: mostGrowth }],
  })
}
