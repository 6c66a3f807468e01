// The entry of the npm scripts: puts in place what is missing, then runs ops/main.ts in this very process.
import { fileURLToPath } from 'node:url'
import { buildDashboards } from './platform/dashboards.mjs'
import { NotPrepared, prepare } from './prepare.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const say = (line) => console.log(line)
try {
  prepare({ root, env: process.env, say })
} catch (error) {
  if (!(error instanceof NotPrepared)) throw error
  console.error(error.message)
  process.exit(1)
}
// Only what serves them needs them; and it serves the rest without.
if (['up', 'api'].includes(process.argv[2] ?? 'up')) await buildDashboards(root, say)
performance.mark('prepared')
await import('./compiled.mjs')
