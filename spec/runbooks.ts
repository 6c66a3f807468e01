import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../ops/platform/root.ts'
import { eventually } from './eventually.ts'

/** The commands of a runbook: each of its blocks marked `sh`, in their order. */
export const blocksOf = (runbook: string): string[] =>
  [...readFileSync(join(root, `ops/runbooks/${runbook}.md`), 'utf8').matchAll(/^ *```sh\n([^]*?)^ *```$/gm)].map(
    ([, block]) => block!.replace(/^ +/gm, ''),
  )

/** A clone of the project as an operator sees it, with `data` of its own. */
export interface Place {
  folder: string
  dataDir: string
  /** Runs a block in bash, to its end; `npm start` goes on, once it is ready. Throws, with what was said, where a command fails. Resolves with the output. */
  run(block: string): Promise<string>
  /** All blocks of a runbook, one after the other. */
  follow(runbook: string): Promise<void>
  /** Where the API is that was started last. */
  url(): string
  remove(): Promise<void>
}

const ready = (dataDir: string) =>
  JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')) as { url: string; pid: number }

export function placeToOperate(): Place {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'operated-')))
  const dataDir = join(folder, 'data')
  for (const name of ['package.json', 'ops']) symlinkSync(join(root, name), join(folder, name))
  const { PATH, HOME, TMPDIR } = process.env
  const env = { PATH, HOME, TMPDIR, BIND_ADDR: '127.0.0.1:0', LOG_LEVEL: 'warn' }
  let started: { pid: number; ended: Promise<unknown> } | undefined

  function bash(script: string) {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    return { child, ended: once(child, 'close'), output: () => output }
  }
  async function start() {
    const before = started?.pid
    const { child, ended, output } = bash('npm start')
    const { pid } = await eventually(() => {
      if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}:\n${output()}`)
      const found = ready(dataDir)
      if (found.pid === before) throw new Error(`not ready:\n${output()}`)
      return found
    }, 60_000)
    started = { pid, ended }
  }
  async function run(block: string): Promise<string> {
    if (block.trim() === 'npm start') return start().then(() => '')
    const { child, ended, output } = bash(block)
    await ended
    if (child.exitCode !== 0) throw new Error(`${block}ended with ${child.exitCode}:\n${output()}`)
    return output()
  }
  return {
    ...{ folder, dataDir, run },
    follow: async (runbook) => {
      for (const block of blocksOf(runbook)) await run(block)
    },
    url: () => ready(dataDir).url,
    remove: async () => {
      if (started) {
        try {
          process.kill(started.pid, 'SIGTERM')
        } catch {
          // It has ended.
        }
        await started.ended
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
