import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { hostsOf, type Site } from '../../ops/deploy/nginx/site.ts'
import { run } from '../../ops/embedded/child.ts'
import { surveyLaunch, tieToOwner } from '../../ops/embedded/launch.ts'
import { freePort } from '../../ops/embedded/ports.ts'
import { root } from '../../ops/platform/root.ts'
import { eventually } from '../eventually.ts'
import { askNginx, type Nginx, selfSigned, startNginx } from '../nginx.ts'

const execute = promisify(execFile)
const program = (variable: string, name: string) => process.env[variable] || name

const site: Site = {
  api: 'api.example.test',
  admin: ['admin.api.example.test'],
  app: ['app.example.test'],
  docs: 'docs.api.example.test',
  ...{ uploadBytes: 1 << 20, firmwareBytes: 1 << 20, proxies: 1 },
}

describe('certificates, from an authority that asks for each name', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'xylolabs-acme-'))
  const children: { end(withinMs: number): Promise<void> }[] = []
  const app = createServer((_request, response) => response.end('the app'))
  let nginx: Nginx
  let directory: string
  let management: string
  let trusted: string

  before(async () => {
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
    nginx = await startNginx(folder, site, `127.0.0.1:${(app.address() as AddressInfo).port}`, 'http')
    const [dns, control, acme, manage, unused] = [
      ...[await freePort(), await freePort(), await freePort(), await freePort(), await freePort()],
    ] as [number, number, number, number, number]
    const own = join(folder, 'authority')
    mkdirSync(own)
    await selfSigned(own, ['localhost'])
    trusted = join(own, 'fullchain.pem')
    const pebble = {
      ...{ listenAddress: `127.0.0.1:${acme}`, managementListenAddress: `127.0.0.1:${manage}` },
      ...{ certificate: trusted, privateKey: join(own, 'privkey.pem'), httpPort: nginx.httpPort, tlsPort: unused },
    }
    const config = join(own, 'pebble.json')
    writeFileSync(config, JSON.stringify({ pebble }))
    ;[directory, management] = [`https://localhost:${acme}/dir`, `https://localhost:${manage}`]
    const launch = await surveyLaunch()
    const start = async (name: string, command: [string, ...string[]], ready: () => Promise<unknown>) => {
      const tied = tieToOwner(launch, command)
      const child = run({ name, dataDir: own, ...tied, ready: async () => void (await ready()), readyWithinMs: 20_000 })
      children.push(child)
      await child.ready()
    }
    // Every name is this machine.
    const names = program('PEBBLE_CHALLTESTSRV_PATH', 'pebble-challtestsrv')
    await start(
      'names',
      [
        ...[names, '-management', `127.0.0.1:${control}`, '-dns01', `127.0.0.1:${dns}`],
        ...['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', '', '-defaultIPv4', '127.0.0.1'],
      ] as [string, ...string[]],
      () => fetch(`http://127.0.0.1:${control}/`),
    )
    const quick = ['env', 'PEBBLE_VA_NOSLEEP=1', 'PEBBLE_WFE_NONCEREJECT=0'] as const
    await start(
      'pebble',
      [...quick, program('PEBBLE_PATH', 'pebble'), '-config', config, '-dnsserver', `127.0.0.1:${dns}`],
      () => askAuthority('/roots/0'),
    )
  })
  after(async () => {
    await nginx?.end()
    for (const child of children.reverse()) await child.end(10_000)
    app.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Its root is new at each start. */
  async function askAuthority(path: string): Promise<string> {
    const { stdout } = await execute('curl', ['-fsS', '--cacert', trusted, management + path])
    return stdout
  }

  const certbot = async (args: string[]) => {
    const places = [
      ...['--config-dir', join(folder, 'letsencrypt'), '--work-dir', join(folder, 'work'), '--logs-dir', folder],
      ...['--server', directory],
    ]
    const env = { ...process.env, REQUESTS_CA_BUNDLE: trusted }
    return execute(program('CERTBOT_PATH', 'certbot'), [...args, ...places], { env })
  }

  /** As the script on the server asks for them, which this follows. */
  const asked = () => {
    const script = readFileSync(join(root, 'ops/deploy/on-server.sh'), 'utf8')
    const [command] = /run certbot certonly[^|]*/.exec(script.replaceAll(/\\\n/g, ''))!
    const values: Record<string, string[]> = {
      '"$webroot"': [nginx.places.webroot],
      '"${hosts[@]}"': hostsOf(site).flatMap((host) => ['--domain', host]),
      '"${contact[@]}"': ['--register-unsafely-without-email'],
    }
    const words = command.trim().split(/\s+/).slice(2)
    return words.flatMap((word) => values[word] ?? [word])
  }

  /** The certificate that is shown for a name, and whether the authority stands behind it. */
  const shown = async (servername: string) => {
    const ca = await askAuthority('/roots/0')
    return new Promise<{ serial: string; names: string; authorized: boolean }>((resolve, reject) => {
      const to = { host: '127.0.0.1', port: nginx.httpsPort, servername, ca, rejectUnauthorized: false }
      const socket = connectTls(to, () => {
        const { serialNumber, subjectaltname = '' } = socket.getPeerCertificate()
        resolve({ serial: serialNumber, names: subjectaltname, authorized: socket.authorized })
        socket.end()
      })
      socket.on('error', reject)
    })
  }

  it('come by challenges alone, for all names, and are then shown', async () => {
    nginx.places.certificate = join(folder, 'letsencrypt/live/xylolabs-api')
    await certbot(asked())
    await nginx.turnTo('tls')
    nginx.ca = await askAuthority('/roots/0')
    await eventually(async () => expect((await askNginx(nginx, site.api, '/')).bytes.toString()).to.equal('the app'))
    for (const host of hostsOf(site)) {
      const { names, authorized } = await shown(host)
      expect(authorized, host).to.equal(true)
      expect(names.split(', ')).to.have.members(hostsOf(site).map((name) => `DNS:${name}`))
    }
  })

  it('are left alone while they are good', async () => {
    const before = await shown(site.api)
    const { stdout } = await certbot(asked())
    expect(stdout).to.include('not yet due')
    nginx.reload()
    expect(await shown(site.api)).to.deep.equal(before)
  })

  it('are renewed beside everything else, by the hook that the server is set up with, while requests are answered', async () => {
    const before = await shown(site.api)
    const setUp = readFileSync(join(root, 'ops/deploy/setup-server.sh'), 'utf8')
    const hooks = join(folder, 'letsencrypt/renewal-hooks/deploy')
    mkdirSync(hooks, { recursive: true })
    const [, text] = /printf '(#!\/bin\/sh\\n.*\\n)' \|/.exec(setUp)!
    const hook = text!
      .replaceAll('\\n', '\n')
      .replace('nginx -t -q', `nginx -t -q -p ${folder} -c ${folder}/nginx.conf -e stderr`)
      .replace('systemctl reload nginx', `kill -HUP ${nginx.pid}`)
    writeFileSync(join(hooks, 'xylolabs-nginx.sh'), hook, { mode: 0o755 })
    const asking = { over: false, failed: 0, answered: 0 }
    const others = (async () => {
      while (!asking.over)
        await askNginx(nginx, site.api, '/').then(
          () => asking.answered++,
          () => asking.failed++,
        )
    })()
    await certbot(['renew', '--force-renewal', '--no-random-sleep-on-renew', '--non-interactive'])
    await eventually(async () => expect((await shown(site.api)).serial).not.to.equal(before.serial))
    asking.over = true
    await others
    expect(asking).to.include({ failed: 0 })
    expect(asking.answered).to.be.above(10)
    expect((await shown(site.api)).authorized).to.equal(true)
  })

  it('come for a name that is new, while the others are shown', async () => {
    const wider = [...asked(), '--domain', 'app.example.org']
    await certbot(wider)
    nginx.reload()
    await eventually(async () => expect((await shown(site.api)).names).to.include('DNS:app.example.org'))
  })
})
