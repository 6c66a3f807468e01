import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { root } from '../../ops/platform/root.ts'
import { runProcess } from '../process.ts'

const file = join(root, 'docs/deployment.md')
const text = readFileSync(file, 'utf8')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const all = (pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, found]) => found!))]

describe('docs/deployment.md', () => {
  it('names only commands and options that there are', async function () {
    this.timeout(60_000)
    const { output } = await runProcess(['--help'], {})
    const known = [...output.matchAll(/^ {2}([a-z:]+)/gm)].map(([, name]) => name)
    const named = all(/(?:compiled\.mjs|run\.mjs) ([a-z:]+)/g)
    expect(named).to.include.members(['nginx:render', 'events:import', 'storage:check'])
    expect(known).to.include.members(named)
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    expect(Object.keys(scripts)).to.include.members(all(/npm run ([a-z:]+)/g))
    const rendering = (await runProcess(['nginx:render', '--help'], {})).output
    for (const [, options] of text.matchAll(/nginx:render (--.*)$/gm))
      for (const option of options!.match(/--[a-z-]+/g)!) expect(rendering).to.include(option)
  })

  it('names only variables that the product or its scripts read', () => {
    const places = ['.env.example', 'ops/deploy/deploy.sh', 'ops/deploy/setup-server.sh'].map(read).join('\n')
    for (const variable of all(/\b([A-Z]{2,}[A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])\b/g)) expect(places).to.include(variable)
  })

  it('names only files that are there', () => {
    for (const link of all(/\]\(([^)#]+)\)/g)) expect(existsSync(join(dirname(file), link)), link).to.equal(true)
    for (const path of all(/`((?:ops|spec|docs)\/[\w/.-]+)`/g))
      expect(existsSync(join(root, path)), path).to.equal(true)
  })

  it('has every file in compose that it names a volume or a service of', () => {
    const compose = read('docker-compose.yml') + read('docker-compose.arm64.yml')
    for (const volume of all(/xylolabs-api_([a-z0-9-]+)/g)) expect(compose).to.include(`\n  ${volume}: {}`)
    for (const service of all(/docker compose (?:exec|logs -f|restart) (?:-T )?([a-z]+)/g))
      expect(compose).to.include(`\n  ${service}:\n`)
  })
})
