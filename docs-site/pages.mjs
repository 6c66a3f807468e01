// What the site says: the README in pieces, docs/, runbooks and decisions, in the one place where each is written.
import * as fs from 'node:fs'
import * as path from 'node:path'

/** README's headings of the second level, and the page that each begins; what stands before the first is the front page. */
const pages = {
  'Two commands': ['index', 'Xylolabs API'],
  'Look at it': ['index', 'Xylolabs API'],
  'Talk to it': ['guide/api', 'Talk to it'],
  'Operate it': ['guide/operate', 'Operate it'],
  'Change it': ['guide/change', 'Change it'],
  'The embedded event store': ['guide/event-store', 'The embedded event store'],
}

/** Path below the site without `.md` → its Markdown. Throws where the README has a part that no page takes. */
export function assembled(root) {
  const read = (file) => fs.readFileSync(path.join(root, file), 'utf8')
  const site = new Map()
  const [front, ...parts] = read('README.md').split(/^(?=## )/m)
  site.set('index', front)
  for (const part of parts) {
    const heading = /^## (.*)$/m.exec(part)[1]
    if (!pages[heading]) throw new Error(`No page takes "${heading}" of the README: see docs-site/pages.mjs`)
    const [page, title] = pages[heading]
    const isOwn = page !== 'index'
    const text = isOwn ? part.replace(/^## .*$/m, `# ${title}`).replace(/^###/gm, '##') : part
    site.set(page, (site.get(page) ?? '') + text)
  }
  for (const [folder, below] of [
    ['docs', 'guide'],
    ['ops/runbooks', 'runbooks'],
    ['ops/adr', 'decisions'],
  ])
    for (const name of fs.readdirSync(path.join(root, folder)).filter((one) => one.endsWith('.md')))
      site.set(`${below}/${name.slice(0, -3)}`, read(`${folder}/${name}`))
  site.set('changes', read('CHANGELOG.md'))
  for (const [page, text] of site) site.set(page, linked(text, site))
  return site
}

/** Links to files that are pages lead to these, pictures are the site's own, and what is only in the repository is named without a link. */
function linked(text, site) {
  // A picture that leads to itself is a picture.
  const unwrapped = text.replace(/\[(!\[[^\]]*\]\([^)]+\))\]\([^)]+\)/g, '$1')
  return unwrapped.replace(/(!?)\[([^[\]]*)\]\(([^)\s]+)\)/g, (whole, picture, words, target) => {
    if (/^(?:https?:|#)/.test(target)) return whole
    const file = target.replace(/^(?:\.\.\/)+/, '')
    if (picture) return `![${words}](/${file.replace(/^docs\//, '')})`
    const page = pageOf(file.replace(/#.*$/, ''), site)
    return page === undefined ? words : `[${words}](/${page})`
  })
}

function pageOf(file, site) {
  const known = {
    'ops/runbooks': 'runbooks/servers-away',
    'ops/adr': 'decisions/0001-one-code-path',
    'README.md': 'index',
  }
  const bare = file.replace(/\.md$/, '')
  const candidates = [
    known[file],
    bare,
    bare.replace(/^docs\//, 'guide/'),
    bare.replace(/^ops\/runbooks\//, 'runbooks/'),
  ]
  candidates.push(
    bare.replace(/^ops\/adr\//, 'decisions/'),
    bare.replace(/^runbooks\//, 'runbooks/'),
    `runbooks/${bare}`,
  )
  return candidates.find((page) => page !== undefined && site.has(page))
}

/** Their titles, for the navigation. */
export const titleOf = (text) => /^# (.*)$/m.exec(text)?.[1] ?? ''
