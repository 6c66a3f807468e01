import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Command } from './launch.ts'

/**
 * The command that runs one of our own TypeScript files. tsx is named by its place, since the child's working folder is DATA_DIR, and for modules
 * alone: we have no others, and it starts sooner.
 */
export const typescript = (file: string, ...args: string[]): Command => [
  process.execPath,
  '--import',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm')).href,
  fileURLToPath(new URL(file, import.meta.url)),
  ...args,
]
