import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { compile } from '../../ops/platform/compile.mjs'

describe('what is compiled', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'compile-spec-'))
  after(() => rmSync(root, { recursive: true }))

  /** As if it had been written so many seconds ago. */
  function write(file: string, text: string, secsAgo = 60) {
    const at = path.join(root, file)
    mkdirSync(path.dirname(at), { recursive: true })
    writeFileSync(at, text)
    const time = Date.now() / 1000 - secsAgo
    utimesSync(at, time, time)
  }
  const says = (folder: string) =>
    spawnSync(process.execPath, [path.join(folder, 'ops/main.mjs')], { encoding: 'utf8' }).stdout.trim()
  const folders = () => readdirSync(path.join(root, 'dist')).filter((name) => name !== 'current.json')

  before(() => {
    const others = ['eventstore', 's3', 'inference'].map((name) => `ops/embedded/${name}/main.ts`)
    for (const file of [...others, 'ops/roles/buildChild.ts']) write(file, 'export {}')
    write('ops/said.ts', `export const said: string = 'one'`)
    write('ops/main.ts', `import { said } from './said.ts'\nconsole.log(said)`)
  })

  it('runs without a compiler, and is made once', () => {
    const folder = compile(root)
    expect(says(folder)).to.equal('one')
    write('ops/elsewhere.ts', 'not part of it')
    expect(compile(root)).to.equal(folder)
    expect(folders()).to.deep.equal([path.basename(folder)])
  })

  it('is made again when a source has changed, however deep; what runs from before stays whole', () => {
    const before = compile(root)
    write('ops/said.ts', `export const said: string = 'two'`, 50)
    const after = compile(root)
    expect([says(before), says(after)]).to.deep.equal(['one', 'two'])
  })

  it('is made again as long as a source is so young that it may change within the same second', () => {
    write('ops/said.ts', `export const said: string = 'six'`, 0)
    compile(root)
    write('ops/said.ts', `export const said: string = 'ten'`, 0)
    expect(says(compile(root))).to.equal('ten')
  })

  it('is nothing at all when it cannot be compiled: the error names the place, and what was made before is not used', () => {
    write('ops/said.ts', 'export const said: string = =', 40)
    expect(() => compile(root)).to.throw(/said\.ts:1/)
    write('ops/said.ts', `export const said: string = 'one'`)
    expect(says(compile(root))).to.equal('one')
  })
})
