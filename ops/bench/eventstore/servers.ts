import { EventStoreDBClient } from '@eventstore/db-client'
import type { Session } from '../bench.ts'
import type { Child } from '../scratch.ts'
import type { Server } from './context.ts'

type Listening = Child<{ port: number }>

/** The store on a folder; with `--prof` every one of its processes writes a profile when it ends. */
export function startStore({ scratch, options }: Session, folder: string): Promise<Listening> {
  const profiles = options['prof'] as string | undefined
  return scratch.start({
    file: 'ops/embedded/eventstore/main.ts',
    args: ['--port', '0', '--dir', folder],
    nodeArgs: profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
  })
}

export const startCeiling = ({ scratch }: Session, recordings: string): Promise<Listening> =>
  scratch.start({ file: 'ops/bench/eventstore/ceiling.ts', args: [recordings] })

export function clientOf(child: Listening): Server {
  return { child, client: EventStoreDBClient.connectionString(`esdb://127.0.0.1:${child.ready.port}?tls=false`) }
}
