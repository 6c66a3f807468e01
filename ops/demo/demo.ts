import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import Table from 'cli-table3'
import type { Programs } from '../../workers/media.ts'
import { root } from '../platform/root.ts'
import { findPrograms } from '../programs.ts'
import { type Client, clientOf } from './client.ts'

const run = promisify(execFile)

export interface DemoOptions {
  dataDir: string
  /** Starts everything in this process, when nothing runs on the data folder. */
  start: () => Promise<{ stop: (reason: string) => Promise<void> }>
  /** A super_admin of the running server, whose password nobody else knows. */
  makeAdmin: (email: string, name: string) => Promise<{ id: string; email: string; password: string }>
  ffprobePath: string | undefined
  ffmpegPath: string | undefined
  searchPath: string
}

interface Upload {
  id: string
  status: string
  duration_ms: number
  error: string | null
}

/** Sends a recording through the whole system and looks at what became of it. 0 when all is as it should be, else 1. */
export async function demo(options: DemoOptions): Promise<number> {
  let own: Awaited<ReturnType<DemoOptions['start']>> | undefined
  try {
    let server = await runningServer(options.dataDir)
    if (!server) {
      own = await options.start()
      server = (await runningServer(options.dataDir))!
      console.log(`started a server for this demo, ready after ${server.ready_secs.toFixed(1)} s`)
    } else console.log(`using the server at ${server.url}, which was ready after ${server.ready_secs.toFixed(1)} s`)
    await tour(server.url, options)
    console.log('demo: ok')
    return 0
  } catch (error) {
    console.error(`demo: failed: ${(error as Error).message}`)
    return 1
  } finally {
    await own?.stop('demo is over')
  }
}

async function runningServer(dataDir: string): Promise<{ url: string; ready_secs: number } | undefined> {
  try {
    const server = JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')) as {
      url: string
      ready_secs: number
    }
    const ready = await fetch(`${server.url}/health/ready`)
    return ready.ok ? server : undefined
  } catch {
    return undefined
  }
}

/** Runs a step and prints what it was and how long it took. */
async function step<T>(what: string, act: () => Promise<T>, more: (result: T) => string = () => ''): Promise<T> {
  const began = performance.now()
  const result = await act()
  console.log(`${`${(performance.now() - began).toFixed(0)} ms`.padStart(9)}  ${what}${more(result)}`)
  return result
}

async function tour(url: string, options: DemoOptions): Promise<void> {
  const programs = await findPrograms({ ffmpeg: options.ffmpegPath, ffprobe: options.ffprobePath }, options.searchPath)
  const person = clientOf(url)
  const suffix = randomBytes(3).toString('hex')
  const { id, email, password } = await step('make a super_admin, as npm run admin:create does', () =>
    options.makeAdmin(`demo-${suffix}@xylolabs.local`, `Demo ${suffix}`),
  )
  const { body: login } = await step(`log in as ${email}`, () =>
    person.send<{ access_token: string }>('POST', '/api/auth/login', { email, password }),
  )
  person.authorize({ Authorization: `Bearer ${login.access_token}` })
  try {
    await show(person, url, programs, suffix)
  } finally {
    await step('deactivate that super_admin', () => person.send('POST', `/api/v1/users/${id}/deactivate`, {}))
  }
}

async function show(person: Client, url: string, programs: Programs, suffix: string): Promise<void> {
  const { body: facility } = await step('create a facility', () =>
    person.send<{ id: string }>('POST', '/api/v1/facilities', {
      name: `Demo plant ${suffix}`,
      code: `demo-${suffix}`,
      timezone: 'Asia/Seoul',
    }),
  )
  const { body: device } = await step('register a device', () =>
    person.send<{ id: string }>('POST', '/api/v1/devices', {
      facility_id: facility.id,
      name: 'Pump room',
      serial: `DEMO-${suffix}`,
      model: 'xs-1',
    }),
  )
  const { body: key } = await step('issue its API key', () =>
    person.send<{ api_key: string }>('POST', '/api/v1/api-keys', {
      name: 'demo',
      facility_id: facility.id,
      device_id: device.id,
      scopes: ['upload'],
    }),
  )
  const sensor = clientOf(url)
  sensor.authorize({ 'X-API-Key': key.api_key })

  const scratch = await mkdtemp(join(tmpdir(), 'xylolabs-demo-'))
  try {
    const speech = await readFile(join(root, 'ops/demo/speech.wav'))
    const upload = await send(sensor, person, 'speech.wav, 8 s of speech', speech)
    await step('download both renditions and look at them with ffprobe', () =>
      check(person, upload, programs.ffprobe, scratch),
    )
    const { body: history } = await person.send<{ items: HistoryItem[] }>('GET', `/api/v1/uploads/${upload.id}/history`)
    console.log(historyTable(history.items))

    const minute = join(scratch, 'minute.wav')
    const noise = 'anoisesrc=color=pink:amplitude=0.3:duration=60:sample_rate=48000'
    await run(programs.ffmpeg, ['-v', 'error', '-f', 'lavfi', '-i', noise, '-ac', '2', minute])
    await send(sensor, person, '60 s of 48 kHz stereo WAV', await readFile(minute))
    const visible = await visibility(person, device.id)
    console.log(
      `a command's row is readable ${visible.p50.toFixed(1)} ms after its answer (p50; p99 ${visible.p99.toFixed(1)} ms; ${visible.count} commands)`,
    )
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Uploads as the device, then watches as a person until it can be played. */
async function send(sensor: Client, person: Client, what: string, bytes: Buffer): Promise<Upload> {
  const form = new FormData()
  form.set('recorded_at', new Date().toISOString())
  form.set('file', new Blob([new Uint8Array(bytes)]), 'recording.wav')
  const { body, position } = await step(`upload ${what} (${(bytes.length / 1024 / 1024).toFixed(1)} MiB)`, () =>
    sensor.send<Upload>('POST', '/api/v1/uploads', form, { 'Idempotency-Key': randomBytes(8).toString('hex') }),
  )
  return step('  until it is playable', async () => {
    for (let waited = 0; waited < 60_000; waited += 50) {
      const { body: upload } = await person.send<Upload>('GET', `/api/v1/uploads/${body.id}`, undefined, {
        'Read-After': position!,
      })
      if (upload.status === 'ready') return upload
      if (upload.status !== 'received' && upload.status !== 'transcoding')
        throw new Error(`the upload is ${upload.status}: ${upload.error}`)
      await delay(50)
    }
    throw new Error('the upload was not ready within a minute')
  })
}

/** Opus in WebM and AAC in MP4, as long as the recording. */
async function check(person: Client, upload: Upload, ffprobe: string, scratch: string): Promise<void> {
  for (const [format, codec, container] of [
    ['webm', 'opus', 'webm'],
    ['mp4', 'aac', 'mp4'],
  ] as const) {
    const file = join(scratch, `rendition.${format}`)
    await writeFile(file, await person.bytes(`/api/v1/uploads/${upload.id}/stream?format=${format}`))
    const { stdout } = await run(ffprobe, [
      '-v',
      'error',
      '-of',
      'json',
      '-show_entries',
      'format=format_name,duration:stream=codec_name',
      file,
    ])
    const found = JSON.parse(stdout) as {
      streams: { codec_name: string }[]
      format: { format_name: string; duration: string }
    }
    if (found.streams[0]?.codec_name !== codec || !found.format.format_name.split(',').includes(container))
      throw new Error(`the ${format} rendition is ${found.streams[0]?.codec_name} in ${found.format.format_name}`)
    const off = Math.abs(Number(found.format.duration) * 1000 - upload.duration_ms)
    if (off > 100)
      throw new Error(`the ${format} rendition is ${off.toFixed(0)} ms longer or shorter than the recording`)
  }
}

/** How long after a command's answer a read that waits for it is answered. */
async function visibility(person: Client, deviceId: string): Promise<{ p50: number; p99: number; count: number }> {
  const times: number[] = []
  for (let i = 0; i < 60; i++) {
    const name = `Pump room ${i}`
    const { position } = await person.send('PATCH', `/api/v1/devices/${deviceId}`, { name })
    const { body, ms } = await person.send<{ name: string }>('GET', `/api/v1/devices/${deviceId}`, undefined, {
      'Read-After': position!,
    })
    if (body.name !== name) throw new Error(`the row says ${body.name} after its name was changed to ${name}`)
    times.push(ms)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!
  return { p50: at(0.5), p99: at(0.99), count: times.length }
}

interface HistoryItem {
  position: string
  type: string
  at: string
  actor: { kind: string; name: string | null }
  changes: { field: string }[]
}

function historyTable(items: readonly HistoryItem[]): string {
  const table = new Table({ head: ['position', 'at', 'event', 'who', 'what changed'], style: { head: [], border: [] } })
  for (const { position, at, type, actor, changes } of items)
    table.push([
      position,
      at.slice(11, 23),
      type,
      `${actor.kind} ${actor.name ?? ''}`,
      changes
        .map(({ field }) => field)
        .slice(0, 5)
        .join(', '),
    ])
  return table.toString()
}
