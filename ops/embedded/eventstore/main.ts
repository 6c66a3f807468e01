import { once } from 'node:events'
import fs from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { takeFolder } from './log/folder.ts'
import { Groups } from './persistent/groups.ts'
import { Heads } from './streams/heads.ts'
import { openStore } from './log/recover.ts'
import { Server } from './server/server.ts'
import type { User } from './server/users.ts'
import { Streams } from './streams/streams.ts'
import type { Call } from './wire/call.ts'

const USAGE = `Usage: npm run eventstore -- --port N --dir DIR [options]

The embedded event store: EventStoreDB's gRPC protocol on one port, its data in DIR. Prints {"ready":true,"port":N} when it serves.

  --port N             where to listen; 0 takes a free port
  --dir DIR            where the log lies; made if it is not there
  --host ADDRESS       127.0.0.1 unless given
  --cert F --key F     TLS; the official clients send credentials only over it
  --user U             of the one user in $admins; without users everybody may do everything
  --password P         of that user; - is the first line of standard input, where no list of processes shows it
  --users FILE         more users: [{"name": "…", "password": "…", "groups": ["…"]}]
  --segment-size N     the log is cut into files of this many bytes (268435456)`

/** A segment is an open file. */
const MIN_SEGMENT = 16 * 1024

async function optionsOf(args: string[]) {
  const text = { type: 'string' } as const
  const options = {
    help: { type: 'boolean', short: 'h' } as const,
    port: text,
    dir: text,
    host: text,
    user: text,
    password: text,
    users: text,
    cert: text,
    key: text,
    'segment-size': text,
  }
  const { values } = parseArgs({ args, options })
  const { help, port, dir, host = '127.0.0.1', user, password, users, cert, key, 'segment-size': segmentSize } = values
  if (help) {
    console.log(USAGE)
    process.exit(0)
  }
  if (!dir || !port || !/^\d+$/.test(port)) throw new Error(USAGE)
  if (segmentSize !== undefined && !(Number(segmentSize) >= MIN_SEGMENT))
    throw new Error(`--segment-size is a number of bytes, at least ${MIN_SEGMENT}`)
  if ((user === undefined) !== (password === undefined)) throw new Error('--user and --password belong together')
  if ((cert === undefined) !== (key === undefined)) throw new Error('--cert and --key belong together')
  return {
    dir,
    host,
    port: Number(port),
    segmentSize: segmentSize ? Number(segmentSize) : undefined,
    users: [
      ...(user === undefined || password === undefined
        ? []
        : [{ name: user, password: password === '-' ? await firstLine() : password, groups: ['$admins'] }]),
      ...(users ? usersIn(users) : []),
    ],
    tls: cert && key ? { cert: fs.readFileSync(cert), key: fs.readFileSync(key) } : undefined,
  }
}

const usersShape = z.array(
  z.strictObject({ name: z.string().min(1), password: z.string().min(1), groups: z.array(z.string()).default([]) }),
)

function usersIn(file: string): User[] {
  try {
    return usersShape.parse(JSON.parse(fs.readFileSync(file, 'utf8')))
  } catch (error) {
    throw new Error(
      `--users ${file}: ${error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message}`,
    )
  }
}

async function firstLine(): Promise<string> {
  const [line] = (await once(createInterface({ input: process.stdin }), 'line')) as [string]
  return line
}

async function main(): Promise<void> {
  const options = await optionsOf(process.argv.slice(2))
  const release = takeFolder(options.dir)
  const { log, index } = await openStore(options.dir, options.segmentSize)
  const followers = new Set<Call>()
  const heads = new Heads(log, index, () => {
    for (const call of followers) call.wake()
    groups.wake()
  })
  const streams = new Streams(log, heads)
  const groups = new Groups({ log, index, heads, streams })
  const server = new Server({ log, index, heads }, streams, followers, groups, options)
  const port = await server.listen()
  const stop = async () => {
    await server.stop(async () => {
      await groups.stop()
      await log.settled()
    })
    await log.close()
    await index.close()
    release()
    process.exit(0)
  }
  let stopping: Promise<void> | undefined
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => (stopping ??= stop()))
  process.stdout.write(`${JSON.stringify({ ready: true, port })}\n`)
}

main().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
