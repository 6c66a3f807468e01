import path from 'node:path'
import { Option } from 'commander'
import pg from 'pg'
import type { Bench } from './bench.ts'
import { install, shown } from './installation.ts'
import { wholeNumber } from './options.ts'
import { checks, notModified } from './ota/asking.ts'
import { makeFleet } from './ota/fleet.ts'
import { images } from './ota/images.ts'
import { memory } from './ota/memory.ts'
import { prepareNginx } from './ota/nginx.ts'
import type { Ready } from './serve.ts'

export const ota: Bench = {
  name: 'ota',
  description: 'firmware: what devices ask for, and the images they get',
  phases: ['check', 'image', 'notModified', 'memory'],
  options: [
    new Option('--devices <n>', 'that take turns').default(10_000).argParser(wholeNumber),
    new Option('--connections <n>', 'at once').default(64).argParser(wholeNumber),
    new Option('--image <MiB>', 'large').default(16).argParser(wholeNumber),
    new Option('--downloads <n>', 'at once, each at 1 MiB/s, while memory is looked at')
      .default(200)
      .argParser(wholeNumber),
    new Option('--events <n>', 'of the log before').default(20_000).argParser(wholeNumber),
    new Option('--seed <n>', 'of that log').default(1).argParser(wholeNumber),
    new Option('--prof <folder>', 'where the server writes what it spends its time on'),
  ],
  async run(session) {
    const { options, scratch, progress } = session
    const number = (name: string) => options[name] as number
    if (session.wants('image')) await prepareNginx()
    const { config, dataDir, stop } = await install(session, { name: 'ota', events: number('events') })
    const step = progress.step(`${number('devices')} devices and their keys`, 1)
    const fleet = await makeFleet(config, number('devices'), number('image') << 20)
    step.end()
    const prof = options['prof'] as string | undefined
    const server = await scratch.start<Ready>({
      file: 'ops/bench/serve.ts',
      args: [dataDir],
      nodeArgs: prof === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${path.resolve(prof)}`],
    })
    const database = new pg.Client(config.DATABASE_URL)
    await database.connect()
    await shown(database)
    await database.end()
    const context = { session, server, fleet, config, connections: number('connections') }
    const phases = { check: checks, image: images, notModified, memory }
    for (const [name, measure] of Object.entries(phases)) if (session.wants(name)) await measure(context)
    await server.end()
    await stop()
  },
}
