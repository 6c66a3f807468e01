import { expect } from 'chai'
import express from 'express'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../ops/platform/root.ts'
import { mountDocs } from '../../ops/server/docs.ts'
import { closeServer } from '../../ops/server/listening.ts'

interface Pages {
  assembled(root: string): Map<string, string>
  titleOf(text: string): string
}

describe('the documentation', () => {
  let site: Map<string, string>
  let pages: Pages
  before(async () => {
    // Plain JavaScript, since it runs without what is installed here.
    pages = (await import(join(root, 'docs-site/pages.mjs'))) as Pages
    site = pages.assembled(root)
  })

  it('is put together of what is written here, each page with a title', () => {
    expect([...site.keys()]).to.include.members([
      ...['index', 'guide/api', 'guide/operate', 'guide/deployment', 'guide/change', 'guide/event-store', 'changes'],
      ...['runbooks/projection-stopped', 'decisions/0001-one-code-path'],
    ])
    for (const [page, text] of site) expect(pages.titleOf(text), page).not.to.equal('')
  })

  it('leads to its own pages alone, and swallows no words as tags', () => {
    let links = 0
    for (const [page, text] of site) {
      const prose = text.replace(/^```.*?^```/gms, '').replace(/`[^`]*`/g, '')
      expect(prose.match(/<(?!https?:|br>)[a-z]\w*>/i), page).to.equal(null)
      for (const [, target] of prose.matchAll(/(?<!!)\[[^\]]*\]\(([^)\s]+)\)/g)) {
        if (/^(?:https?:|#)/.test(target!)) continue
        links++
        expect(
          [...site.keys()].map((one) => `/${one}`),
          `${page}: ${target}`,
        ).to.include(target)
      }
    }
    expect(links).to.be.greaterThan(5)
  })

  it('is served below /docs/ once it was made, and says how to make it before', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'docs-'))
    const app = express()
    mountDocs(app, join(folder, 'dist'))
    const server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const get = (path: string) => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
    try {
      const before = await get('/docs/')
      expect([before.status, await before.text()]).to.deep.equal([
        404,
        'There is no documentation here yet. Type: npm run docs\n',
      ])
      mkdirSync(join(folder, 'dist'))
      writeFileSync(join(folder, 'dist/index.html'), 'front')
      writeFileSync(join(folder, 'dist/other.html'), 'other')
      const [front, other, none] = await Promise.all(['/docs/', '/docs/other', '/docs/none'].map(get))
      expect([await front!.text(), await other!.text(), none!.status]).to.deep.equal(['front', 'other', 404])
      expect(front!.headers.get('Content-Security-Policy')).to.include("frame-ancestors 'none'")
    } finally {
      await closeServer(server)
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
