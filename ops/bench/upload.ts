import { randomFillSync, randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { Option } from 'commander'
import type { Bench } from './bench.ts'
import { install } from './installation.ts'
import { interleaved, timed } from './measure.ts'
import { memoryOf, peakDuring } from './memory.ts'
import { wholeNumber } from './options.ts'
import { loggedIn } from './requests.ts'
import type { Ready } from './serve.ts'
import { signedUrl } from './stored.ts'

/** MB, of the server while one upload comes in. */
const mostGrowth = 64

export const upload: Bench = {
  name: 'upload',
  description:
    'recordings as they come in: hashed, looked at and stored, beside a raw PUT of the same bytes to the same store',
  phases: ['one', 'many'],
  options: [
    new Option('--mib <n>', 'of each').default(100).argParser(wholeNumber),
    new Option('--at-once <n>', 'of the many').default(20).argParser(wholeNumber),
    new Option('--events <n>', 'of the log before').default(1000).argParser(wholeNumber),
    new Option('--seed <n>', 'of that log').default(1).argParser(wholeNumber),
  ],
  async run(session) {
    const { options, report, scratch } = session
    const [mib, atOnce] = [options['mib'] as number, options['atOnce'] as number]
    const installation = await install(session, { name: 'upload', events: options['events'] as number })
    const server = await scratch.start<Ready>({ file: 'ops/bench/serve.ts', args: [installation.dataDir] })
    const client = await loggedIn(server.ready)
    const named = { name: 'Plant of the bench', code: `bench-${process.pid}` }
    const facility = (await client.ask('POST', '/api/v1/facilities', named)).body.id as string

    const recording = noise(mib << 20)
    const megabytes = recording.length / 1e6
    const form = formOf(facility, recording)
    const ours = () =>
      sent(`${server.ready.url}/api/v1/uploads`, 'POST', 201, form.parts, {
        ...client.headers,
        'Content-Type': form.type,
      })
    const raw = async () =>
      sent(await signedUrl(installation.config, 'PUT', `bench/${randomUUID()}`), 'PUT', 200, [recording], {})
    const rate = (act: () => Promise<void>, count: number) => async () =>
      (count * megabytes * 1000) / (await timed(() => Promise.all(Array.from({ length: count }, act))))

    for (const [phase, count] of [['one', 1] as const, ['many', atOnce] as const]) {
      if (!session.wants(phase)) continue
      const before = memoryOf(server.pid)?.own
      let most = before
      const rounds = await interleaved(options.rounds, {
        ours: async () => {
          let value = NaN
          const peak = await peakDuring(server.pid, async () => (value = await rate(ours, count)()))
          most = Math.max(most ?? NaN, peak ?? NaN)
          return value
        },
        raw: rate(raw, count),
      })
      report.add({
        id: `upload.${phase}`,
        what: `${count === 1 ? 'a recording' : `${count} recordings at once`} of ${mib} MiB, multipart`,
        unit: 'MB/s',
        ours: rounds.ours,
        beside: { what: 'raw PUT to the same store', values: rounds.raw },
        ...(phase === 'one' && { targets: [{ of: 'ratio', least: 0.85 } as const] }),
      })
      if (before !== undefined && most !== undefined)
        report.add({
          id: `upload.${phase}.memory`,
          what: 'the server’s memory grows by, meanwhile',
          unit: 'MB',
          ours: [most - before],
          beside: { what: 'before', values: [before], compared: false },
          ...(phase === 'one' && { targets: [{ of: 'ours', most: mostGrowth } as const] }),
        })
    }
    await server.end()
    await installation.stop()
  },
}

/** A WAV file of so many bytes of noise, mono, 48 kHz. */
function noise(bytes: number): Buffer {
  const file = randomFillSync(Buffer.alloc(bytes))
  file.write('RIFF', 0, 'latin1')
  file.writeUInt32LE(bytes - 8, 4)
  file.write('WAVEfmt ', 8, 'latin1')
  for (const [at, value] of [
    [16, 16],
    [24, 48_000],
    [28, 96_000],
    [40, bytes - 44],
  ] as const)
    file.writeUInt32LE(value, at)
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    file.writeUInt16LE(value, at)
  file.write('data', 36, 'latin1')
  return file
}

function formOf(facility: string, recording: Buffer): { type: string; parts: Buffer[] } {
  const boundary = randomUUID()
  const field = (head: string) => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n`
  const head = `${field('name="facility_id"')}\r\n${facility}\r\n${field('name="file"; filename="noise.wav"')}Content-Type: audio/wav\r\n\r\n`
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    parts: [Buffer.from(head), recording, Buffer.from(`\r\n--${boundary}--\r\n`)],
  }
}

/** Sends these bytes and waits for the answer. Throws when it is another than expected. */
function sent(url: string, method: string, status: number, parts: readonly Buffer[], headers: Record<string, string>) {
  return new Promise<void>((resolve, reject) => {
    const length = parts.reduce((sum, { length }) => sum + length, 0)
    const asked = request(url, { method, headers: { ...headers, 'Content-Length': length } }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
      answer.on('end', () => {
        if (answer.statusCode === status) resolve()
        else reject(new Error(`${method} was answered with ${answer.statusCode}: ${Buffer.concat(chunks).toString()}`))
      })
    })
    asked.on('error', reject)
    for (const part of parts) asked.write(part)
    asked.end()
  })
}
