import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { interleaved } from '../measure.ts'
import { requestBytes } from '../sockets.ts'
import { signedUrl } from '../stored.ts'
import { asksFor, type Context } from './context.ts'
import { downloadOver } from './downloading.ts'
import { startNginx } from './nginx.ts'

const roundMs = 3000

/** Downloads as fast as they come, beside nginx that serves the same file, and beside the store that has it. */
export async function images({ session, server, fleet, config }: Context): Promise<void> {
  const { options, report, scratch } = session
  const { release, members } = fleet
  const folder = path.join(scratch.folder, 'nginx')
  mkdirSync(folder)
  writeFileSync(path.join(folder, 'image.bin'), release.image)
  const nginx = await startNginx(folder)
  if (!nginx)
    report.note('nginx is not installed (Debian: apt-get install nginx-light): images are measured without it beside')
  const stored = new URL(await signedUrl(config, 'GET', release.object_key))
  const sides = {
    ours: [server.ready.url, (n: number) => asksFor(server.ready.url, release, members[n % members.length]!)],
    store: [stored.origin, always(requestBytes(stored.origin, ['GET', stored.pathname + stored.search], {}))],
    ...(nginx && { nginx: [nginx.url, always(requestBytes(nginx.url, ['GET', '/image.bin'], {}))] }),
  } as Record<string, [string, (n: number) => Buffer]>
  for (const connections of [1, 16]) {
    const downloading =
      ([url, request]: [string, (n: number) => Buffer]) =>
      async () => {
        const { megabytesPerSecond, refused } = await downloadOver(url, { connections, ms: roundMs }, request)
        if (refused > 0) throw new Error(`${refused} downloads were refused at ${url}`)
        return megabytesPerSecond
      }
    const acts = Object.fromEntries(Object.entries(sides).map(([name, side]) => [name, downloading(side)]))
    const rounds = await interleaved(options.rounds, acts)
    const what = `an image by ${connections} connection${connections > 1 ? 's' : ''}`
    for (const [side, name] of [
      ['nginx', 'nginx'],
      ['store', 'the store itself'],
    ] as const)
      if (rounds[side])
        report.add({
          id: `ota.image.${connections}.${side}`,
          what,
          unit: 'MB/s',
          ours: rounds['ours']!,
          beside: { what: name, values: rounds[side] },
          ...(side === 'nginx' && { targets: [{ of: 'ratio', least: 0.4 }] }),
        })
  }
  await nginx?.end()
}

const always =
  <T>(one: T) =>
  () =>
    one
