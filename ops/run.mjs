// The entry of the npm scripts: puts in place what is missing, then runs ops/main.ts in this very process.
import { fileURLToPath } from 'node:url'
import { NotPrepared, prepare } from './prepare.mjs'

try {
  prepare({ root: fileURLToPath(new URL('..', import.meta.url)), env: process.env, say: (line) => console.log(line) })
} catch (error) {
  if (!(error instanceof NotPrepared)) throw error
  console.error(error.message)
  process.exit(1)
}
performance.mark('prepared')
await import('./compiled.mjs')
