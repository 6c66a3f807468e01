import { existsSync } from 'node:fs'
import express, { type Express } from 'express'

/** The site's own scripts begin within its pages, which hold nothing that anybody has written but its authors. */
const policy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "script-src 'self' 'unsafe-inline'",
  "worker-src 'self' blob:",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const prefix = '/docs'

/** GET and HEAD of the documentation's static site, where it was made: `npm run docs`. */
export function mountDocs(app: Express, directory: string): void {
  const files = express.static(directory, {
    extensions: ['html'],
    cacheControl: false,
    setHeaders: (response) => response.set({ 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache' }),
  })
  app.use(prefix, (request, response, next) => {
    if (existsSync(directory) || (request.method !== 'GET' && request.method !== 'HEAD'))
      return files(request, response, next)
    response.status(404).type('text').send('There is no documentation here yet. Type: npm run docs\n')
  })
}
