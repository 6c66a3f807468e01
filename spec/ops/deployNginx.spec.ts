import { expect } from 'chai'
import { onServer, render } from '../../ops/deploy/nginx/render.ts'
import { hostsOf, isHostName, siteOf } from '../../ops/deploy/nginx/site.ts'
import { ConfigError } from '../../ops/platform/config.ts'
import { runProcess } from '../process.ts'

const environment = {
  API_HOST: 'api.xylolabs.com',
  ADMIN_HOSTS: 'admin.api.xylolabs.com',
  APP_HOSTS: 'app.xylolabs.com, app.xylolabs.org',
  DOCS_HOST: 'docs.api.xylolabs.com',
  UPLOAD_MAX_SIZE: '1000000000',
  TRUST_PROXY: '1',
}
const site = siteOf(environment)
const listened = (text: string) => [...text.matchAll(/^ *(listen .*;|http2 .*;)$/gm)].map(([, line]) => line)

describe('what nginx is told', () => {
  it('has the names of the environment, each once, that the certificate needs', () => {
    expect(hostsOf(site)).to.deep.equal([
      ...['api.xylolabs.com', 'admin.api.xylolabs.com', 'app.xylolabs.com', 'app.xylolabs.org'],
      'docs.api.xylolabs.com',
    ])
    expect(hostsOf(siteOf({ API_HOST: 'api.xylolabs.com', TRUST_PROXY: '1', DOCS_HOST: '' }))).to.deep.equal([
      'api.xylolabs.com',
    ])
    for (const phase of ['http', 'tls'] as const)
      for (const name of hostsOf(site)) expect(render(site, onServer, phase)).to.match(new RegExp(` ${name}[ ;]`))
  })

  it('takes host names alone', () => {
    const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.example`
    for (const name of ['api.xylolabs.com', 'a-1.b.co', 'xn--bcher-kva.example', longest])
      expect(isHostName(name), name).to.equal(true)
    const refused = [
      ...['', 'localhost', 'API.xylolabs.com', 'api.xylolabs.com.', '-a.com', 'a-.com', 'a..com', '_a.com', '*.a.com'],
      ...[
        'a.com;',
        'a.com b.com',
        'a.com{',
        'a.com\n',
        'a.com\nb.com',
        '$host.com',
        '~^a.com',
        'a.com:443',
        'https://a.com',
      ],
      ...['10.0.0.1', '127.0.0.1', '::1', `${'a'.repeat(64)}.com`, `${'abc.'.repeat(64)}com`, 'bücher.example'],
    ]
    for (const name of refused) {
      expect(isHostName(name), name).to.equal(false)
      if (name !== '') expect(() => siteOf({ ...environment, API_HOST: name }), name).to.throw(ConfigError, 'API_HOST')
    }
  })

  it('takes them in every variable', () => {
    for (const variable of ['API_HOST', 'ADMIN_HOSTS', 'APP_HOSTS', 'DOCS_HOST'])
      expect(() => siteOf({ ...environment, [variable]: 'a.com; return 200' }), variable).to.throw(
        ConfigError,
        variable,
      )
  })

  it('says all that is wrong at once', () => {
    const wrong = { API_HOST: '', ADMIN_HOSTS: 'a', UPLOAD_MAX_SIZE: 'much', TRUST_PROXY: '0' }
    expect(() => siteOf(wrong)).to.throw(
      ConfigError,
      /ADMIN_HOSTS must be a host name(?:.|\n)*UPLOAD_MAX_SIZE(?:.|\n)*TRUST_PROXY must be 1(?:.|\n)*API_HOST is required/,
    )
    expect(() => siteOf({ ...environment, DOCS_HOST: 'app.xylolabs.org' })).to.throw('app.xylolabs.org is named twice')
  })

  it('lets through what the app takes, in a form', () => {
    const limits = [...render(site, onServer, 'tls').matchAll(/location (.*) \{\n[^}]*client_max_body_size (\d+);/g)]
    const [, upload, resumable, firmware] = ['', ...limits.slice(0, 3).map(([, where, size]) => [where, Number(size)])]
    const around = 1 << 20
    expect(upload).to.deep.equal(['= /api/v1/uploads', 1_000_000_000 + around])
    expect(resumable).to.deep.equal(['/api/v1/uploads/resumable', 1_000_000_000 + around])
    expect(firmware).to.deep.equal(['= /api/v1/firmware', 67_108_864 + around])
  })

  it('counts the proxies as the app does', () => {
    const forwarded = (TRUST_PROXY: string) =>
      /X-Forwarded-For (\S+);/.exec(render(siteOf({ ...environment, TRUST_PROXY }), onServer, 'tls'))![1]
    expect([forwarded('1'), forwarded('2')]).to.deep.equal(['$remote_addr', '$proxy_add_x_forwarded_for'])
  })

  it('is written for the nginx that reads it', () => {
    const lines = (nginxVersion: string) => listened(render(site, { ...onServer, nginxVersion }, 'tls'))
    for (const old of ['1.18.0', '1.24.0', '1.25.0'])
      expect(lines(old), old)
        .to.include.members(['listen 443 ssl http2;', 'listen [::]:443 ssl http2;'])
        .and.not.include('http2 on;')
    for (const young of ['1.25.1', '1.26.3', '1.30.5', '2.0.0'])
      expect(lines(young), young).to.include.members(['listen [::]:443 ssl;', 'http2 on;'])
  })

  it('is printed by a command, which says how it is used', async function () {
    this.timeout(60_000)
    const help = await runProcess(['nginx:render', '--help'], environment)
    expect(help.output).to.include('--phase').and.to.include('API_HOST')
    const printed = await runProcess(['nginx:render', '--phase', 'tls', '--nginx-version', '1.30.5'], environment)
    expect(printed).to.deep.equal({ code: 0, output: render(site, { ...onServer, nginxVersion: '1.30.5' }, 'tls') })
    const refused = await runProcess(['nginx:render', '--phase', 'tls', '--webroot', '/a; return 200'], environment)
    expect([refused.code, refused.output.split('\n')[0]]).to.deep.equal([
      ...[
        1,
        "error: option '--webroot <folder>' argument '/a; return 200' is invalid. It has letters, digits and ./:@_- alone.",
      ],
    ])
  })
})
