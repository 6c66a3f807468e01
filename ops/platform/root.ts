import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

const holding = (folder: string): string =>
  existsSync(join(folder, 'package.json')) ? folder : holding(dirname(folder))

/** The folder of package.json, whether this runs from its source or from what was compiled of it. */
export const root = holding(import.meta.dirname)
