import { expect } from 'chai'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { once } from 'node:events'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { run } from '../ops/embedded/child.ts'
import { surveyLaunch, tieToOwner } from '../ops/embedded/launch.ts'
import { freePort } from '../ops/embedded/ports.ts'
import { onServer, type Phase, type Places, render } from '../ops/deploy/nginx/render.ts'
import { hostsOf, type Site } from '../ops/deploy/nginx/site.ts'
import { eventually } from './eventually.ts'

export interface Nginx {
  pid: number
  httpPort: number
  httpsPort: number
  places: Places
  /** What has certified it, in PEM; replaced by whoever brings other certificates. */
  ca: string
  /** Another configuration for the same process, as a deployment does it. */
  turnTo(phase: Phase): Promise<void>
  reload(): void
  /** Bodies and answers that lie on its disk. */
  spooled(): string[]
  end(): Promise<void>
}

const binary = () => process.env['NGINX_PATH'] || (existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx')
const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** A real nginx on two loopback ports with the configuration of a deployment, its files in this folder. */
export async function startNginx(folder: string, site: Site, upstream: string, phase: Phase): Promise<Nginx> {
  const [httpPort, httpsPort] = [await freePort(), await freePort()]
  const places: Places = {
    ...onServer,
    ...{ listen: '127.0.0.1', httpPort, httpsPort, upstream, nginxVersion: '1.22.1' },
    certificate: join(folder, 'certificate'),
    webroot: join(folder, 'webroot'),
    docs: join(folder, 'docs'),
    logs: folder,
  }
  for (const path of [places.certificate, join(places.webroot, '.well-known/acme-challenge'), places.docs])
    mkdirSync(path, { recursive: true })
  const ca = await selfSigned(places.certificate, hostsOf(site))
  const write = (what: Phase) => writeFileSync(join(folder, 'site.conf'), render(site, places, what))
  write(phase)
  const config = join(folder, 'nginx.conf')
  writeFileSync(config, configuration(folder))
  const answers = async () => {
    const socket = connect(httpPort, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
  }
  const nginx = run({
    name: 'nginx',
    dataDir: folder,
    ...tieToOwner(await surveyLaunch(), [binary(), '-p', folder, '-c', config, '-e', 'stderr']),
    ready: answers,
    readyWithinMs: 10_000,
  })
  await nginx.ready()
  const reload = () => void process.kill(nginx.pid!, 'SIGHUP')
  /** The workers that take connections. */
  const listening = () =>
    readFileSync(`/proc/${nginx.pid}/task/${nginx.pid}/children`, 'utf8')
      .split(' ')
      .filter((pid) => pid !== '' && !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('shutting down'))
  return {
    ...{ pid: nginx.pid!, httpPort, httpsPort, places, ca, reload },
    turnTo: async (next) => {
      write(next)
      const before = listening()
      reload()
      // Those of before still answer what was queued at their sockets.
      await eventually(() => expect(listening().filter((pid) => before.includes(pid))).to.deep.equal([]))
      const port = next === 'tls' ? httpsPort : httpPort
      await eventually(async () => {
        const socket = connect(port, '127.0.0.1')
        await once(socket, 'connect')
        socket.destroy()
      })
    },
    spooled: () => temporary.flatMap((what) => filesBelow(join(folder, `spool-${what}`))),
    end: () => nginx.end(10_000),
  }
}

/** As who we are, since nobody else may look into the folder. */
const configuration = (folder: string) => `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/nginx.own.pid;
events { worker_connections 1024; }
http {
${temporary.map((what) => `  ${what}_temp_path ${folder}/spool-${what};`).join('\n')}
  include /etc/nginx/mime.types;
  # As Debian's and Ubuntu's own nginx.conf has it.
  gzip on;
  include ${folder}/site.conf;
}
`

/** For these names; returns the certificate. */
export async function selfSigned(folder: string, names: readonly string[]): Promise<string> {
  const made = await generate([{ name: 'commonName', value: names[0]! }], {
    ...{ keyType: 'ec', curve: 'P-256', algorithm: 'sha256' },
    notAfterDate: new Date(Date.now() + 3600_000),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) },
    ],
  })
  writeFileSync(join(folder, 'privkey.pem'), made.private, { mode: 0o600 })
  writeFileSync(join(folder, 'fullchain.pem'), made.cert)
  return made.cert
}

const filesBelow = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((one) => (one.isFile() ? [one.name] : []))
    : []

export interface Got {
  status: number
  headers: IncomingHttpHeaders
  /** With their names as they came, each as often as it came. */
  raw: string[]
  bytes: Buffer
  body: any
}

type Body = Buffer | AsyncIterable<Buffer>

/** Asks for a path of one of nginx's hosts; of port 80 where it is `plain`. */
export async function askNginx(
  nginx: Nginx,
  host: string,
  path: string,
  {
    method = 'GET',
    headers = {},
    body,
    plain = false,
  }: { method?: string; headers?: Record<string, string>; body?: Body; plain?: boolean } = {},
): Promise<Got> {
  const common = { host: '127.0.0.1', path, method, headers: { Host: host, ...headers }, agent: false as const }
  const request = plain
    ? httpRequest({ ...common, port: nginx.httpPort })
    : httpsRequest({ ...common, port: nginx.httpsPort, servername: host, ca: nginx.ca })
  const answered = new Promise<Got>((resolve, reject) => {
    request.on('error', reject).on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('error', reject).on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        const isJson = /\bjson\b/.test(response.headers['content-type'] ?? '') && bytes.length > 0
        resolve({
          ...{ status: response.statusCode!, headers: response.headers, raw: response.rawHeaders, bytes },
          body: isJson ? JSON.parse(bytes.toString()) : undefined,
        })
      })
    })
  })
  // Whoever has refused need not be sent the rest.
  const over = Promise.race([answered, once(request, 'close')]).catch(() => undefined)
  let isOver = false
  void over.then(() => (isOver = true))
  if (Buffer.isBuffer(body)) request.write(body)
  else
    for await (const chunk of body ?? [])
      if (!isOver && !request.write(chunk)) await Promise.race([once(request, 'drain').catch(() => undefined), over])
  request.end()
  return answered
}
