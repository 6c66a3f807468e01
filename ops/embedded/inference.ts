import { createRequire } from 'node:module'
import { tieToOwner } from './launch.ts'
import { endLeftover } from './leftovers.ts'
import { onFreePort } from './ports.ts'
import { programOf } from './program.ts'
import type { Served, Site } from './site.ts'
import { supervise } from './supervisor.ts'

const NAME = 'inference'
const READY_WITHIN_MS = 30_000

/**
 * A server of the Open Inference Protocol v2 on the processor, for the models that are shipped; it loads them at their first use. Resolves when
 * it listens; with nothing where its runtime, an optional package, is not installed.
 */
export async function startInference(site: Site): Promise<Served | undefined> {
  await endLeftover(site.dataDir, NAME, site.log)
  if (!isInstalled('onnxruntime-node')) {
    site.log({
      level: 'warn',
      msg: 'no inference server is started: the optional package onnxruntime-node is not installed; all else runs',
      server: NAME,
    })
    return undefined
  }
  return onFreePort(async (port) => {
    const program = {
      name: NAME,
      dataDir: site.dataDir,
      ...tieToOwner(site.launch, programOf('ops/embedded/inference/main.ts')),
      ready: 'announced' as const,
      readyWithinMs: READY_WITHIN_MS,
      input: JSON.stringify({ port }),
    }
    return { server: await supervise(program, site.log), address: `http://127.0.0.1:${port}` }
  })
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}
