// Runs the embedded event store in this very process, from what was compiled of it: `node ops/eventstore.mjs --help`.
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { compile } from './platform/compile.mjs'

process.setSourceMapsEnabled(true)
const root = fileURLToPath(new URL('..', import.meta.url))
await import(pathToFileURL(join(compile(root), 'ops/embedded/eventstore/main.mjs')).href)
