import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import type { Express, Request, Response } from 'express'

/** A static build that is served beside the API: below its prefix everywhere, and at the root of its own hosts. */
export interface Dashboard {
  name: string
  /** Such as `/admin/`. */
  prefix: string
  /** Where vite has put it; it may come, and change, while this runs. */
  directory: string
  /** Whose root it is; where none is named, every host that begins with the prefix's word, such as `admin.`. */
  hosts: readonly string[]
  /** What to type for a build of it. */
  builtBy: string
}

/** No script but our own files. Styles are set by attributes; pictures and sounds may come from what the page itself has read. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self' blob:",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** What is somebody else's on every host. */
const others = /^\/(?:api|health|metrics)(?:\/|$)/
/** Their names change with what is in them. */
const hashed = /^assets\/[^/]+-[\w-]{8}\.\w+$/
const yearSecs = 31_536_000
/** Made by the build beside each file that is worth it, the smaller first. */
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

/** GET and HEAD of the dashboards: their files, and their page for whatever else looks like a place within them. */
export function mountDashboards(app: Express, dashboards: readonly Dashboard[]): void {
  app.use(async (request, response, next) => {
    if ((request.method !== 'GET' && request.method !== 'HEAD') || others.test(request.path)) return next()
    const own = dashboards.find((one) => isHostOf(one, request.hostname))
    const below = dashboards.find(({ prefix }) => request.path.startsWith(prefix))
    const bare = dashboards.find(({ prefix }) => request.path === prefix.slice(0, -1))
    if (bare && !own) return response.redirect(308, bare.prefix)
    const one = own ?? below
    if (!one) return next()
    const base = own ? '/' : one.prefix
    let path: string
    try {
      path = decodeURIComponent(request.path.slice(base.length))
    } catch {
      return next()
    }
    if (await sendFile(request, response, one, path)) return
    // A file that is not there is no place: the page of another build would be taken for a script.
    if (path.startsWith('assets/') || extname(path) !== '') return next()
    await sendPage(response, one, base)
  })
}

function isHostOf({ hosts, prefix }: Dashboard, host: string | undefined): boolean {
  if (host === undefined) return false
  const isNamed = hosts.includes(host.toLowerCase())
  return hosts.length > 0 ? isNamed : host.toLowerCase().startsWith(`${prefix.slice(1, -1)}.`)
}

/** False where there is no such file to be shown. */
async function sendFile(request: Request, response: Response, { directory }: Dashboard, path: string) {
  if (path === '' || path === 'index.html' || path.endsWith('/') || /\.(?:br|gz)$/.test(path)) return false
  const root = resolve(directory)
  const known = request.acceptsEncodings()
  for (const [encoding, suffix] of [...encodings, ['identity', '']] as const) {
    if (suffix !== '' && !known.includes(encoding)) continue
    const found = await stat(resolve(root, path + suffix)).catch(() => undefined)
    if (!found?.isFile()) continue
    response.type(extname(path)).vary('Accept-Encoding')
    response.set('Cache-Control', hashed.test(path) ? `public, max-age=${yearSecs}, immutable` : 'no-cache')
    response.set('ETag', `"${found.size.toString(16)}-${Math.floor(found.mtimeMs).toString(16)}"`)
    if (suffix !== '') response.set('Content-Encoding', encoding)
    const sent = await new Promise<boolean>((done) =>
      response.sendFile(path + suffix, { root, cacheControl: false, dotfiles: 'ignore' }, (error) =>
        done(!error || response.headersSent),
      ),
    )
    if (sent) return true
    for (const name of ['Content-Type', 'Content-Encoding', 'Cache-Control', 'ETag', 'Vary'])
      response.removeHeader(name)
  }
  return false
}

/** The page knows by its base where it is: links, files and the router go by it. */
async function sendPage(response: Response, { name, directory, builtBy }: Dashboard, base: string) {
  response.set({ 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache' }).type('html')
  const page = await readFile(resolve(directory, 'index.html'), 'utf8').catch(() => undefined)
  if (page !== undefined) {
    const placed = page.replace('<base href="/"', `<base href="${base}"`)
    response.set('ETag', `"${createHash('sha256').update(placed).digest('base64url')}"`)
    return void response.send(placed)
  }
  const what = `There is no build of the ${name} dashboard yet. Type: ${builtBy}`
  const title = `Xylolabs: ${name}`
  response.status(503).send(`<!doctype html><html lang="en"><title>${title}</title><p>${what}</p></html>\n`)
}
