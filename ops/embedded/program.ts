import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compile } from '../platform/compile.mjs'
import { root } from '../platform/root.ts'
import type { Command } from './launch.ts'

/** Where this very process runs from, where that was compiled: its children are of the same release. */
const ownFolder = /^.*[/\\]dist[/\\][0-9a-f-]{36}(?=[/\\]|$)/.exec(import.meta.dirname)?.[0]

/**
 * The command that runs one of our own programs.
 * @param file its source, from the folder of package.json. One that is not among those that are compiled runs by tsx, which is named by its
 *   place, since a child's working folder may be DATA_DIR
 */
export function programOf(file: string, ...args: string[]): Command {
  const compiled = join(ownFolder ?? compile(root), file.replace(/\.ts$/, '.mjs'))
  if (existsSync(compiled)) return [process.execPath, '--enable-source-maps', compiled, ...args]
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm')).href
  return [process.execPath, '--import', tsx, join(root, file), ...args]
}
