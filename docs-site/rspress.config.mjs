import { defineConfig } from '@rspress/core'
import { assembled, titleOf } from './pages.mjs'

const site = assembled(new URL('..', import.meta.url).pathname)
const below = (folder) =>
  [...site]
    .filter(([page]) => page.startsWith(`${folder}/`))
    .map(([page, text]) => ({ text: titleOf(text), link: `/${page}` }))
const guide = ['guide/api', 'guide/operate', 'guide/deployment', 'guide/change', 'guide/event-store'].filter((page) =>
  site.has(page),
)

export default defineConfig({
  root: '.pages',
  outDir: 'dist',
  base: '/docs/',
  title: 'Xylolabs API',
  description: 'The backend of a fleet of sound sensors',
  markdown: { link: { checkDeadLinks: true } },
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/guide/api' },
      { text: 'API reference', link: '/reference/index.html' },
      { text: 'Runbooks', link: '/runbooks/servers-away' },
    ],
    sidebar: {
      '/': [
        {
          text: 'Guide',
          items: [
            { text: 'Begin', link: '/' },
            ...guide.map((page) => ({ text: titleOf(site.get(page)), link: `/${page}` })),
          ],
        },
        { text: 'Runbooks', items: below('runbooks') },
        { text: 'Decisions', items: below('decisions'), collapsed: true },
        { text: 'Changes', link: '/changes' },
      ],
    },
  },
})
