import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse as parseDotenv } from 'dotenv'
import { hostsOf, siteOf } from '../../ops/deploy/nginx/site.ts'
import { readConfig } from '../../ops/platform/config.ts'
import { root as project } from '../../ops/platform/root.ts'
import { newServer, type Server } from '../deployment.ts'

const deployFolder = join(project, 'ops/deploy')
const compose = readFileSync(join(project, 'docker-compose.yml'), 'utf8')
const name = /image: (xylolabs-api:\S+)/.exec(compose)![1]!

const environmentFile = 'opt/xylolabs-api/.env'

describe('the scripts of a deployment', function () {
  this.timeout(60_000)
  const servers: Server[] = []
  const newOne = (given?: Parameters<typeof newServer>[0]) => {
    const one = newServer(given)
    servers.push(one)
    return one
  }
  afterEach(() => servers.splice(0).forEach(({ end }) => end()))

  it('have nothing that shellcheck would say', () => {
    const scripts = readdirSync(deployFolder).filter((file) => file.endsWith('.sh'))
    expect(scripts).to.have.members(['deploy.sh', 'on-server.sh', 'setup-server.sh'])
    const files = [...scripts.map((file) => join(deployFolder, file)), join(project, '.ci/run')]
    const { status, stdout, error } = spawnSync(process.env['SHELLCHECK_PATH'] || 'shellcheck', files, {
      encoding: 'utf8',
    })
    expect([error, status, stdout]).to.deep.equal([undefined, 0, ''])
  })

  describe('setup-server.sh', () => {
    const credentials = 'opt/xylolabs-api/bootstrap-credentials.txt'
    const environmentOf = (one: Server) => parseDotenv(one.read(environmentFile)!)

    it('makes a server ready', () => {
      const one = newOne()
      const { code, err } = one.setUp()
      expect([code, err]).to.deep.equal([0, ''])
      const packages = 'ca-certificates certbot curl docker-compose-v2 docker.io nginx openssl rsync'
      expect(one.calls().map((call) => call.replace(/(?<=docker )\S+$/, 'USER'))).to.deep.equal([
        'apt-get -qq -o DPkg::Lock::Timeout=300 update',
        `apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends ${packages}`,
        'systemctl enable --now docker',
        'systemctl enable --now nginx',
        ...(process.getuid!() === 0 ? [] : ['usermod -aG docker USER']),
        'systemctl reload nginx',
      ])
      expect(one.read('etc/nginx/sites-enabled/default')).to.equal(undefined)
      const hook = 'etc/letsencrypt/renewal-hooks/deploy/xylolabs-nginx.sh'
      expect([one.mode(hook), one.read(hook)]).to.deep.equal([
        ...[0o755, '#!/bin/sh\nnginx -t -q && systemctl reload nginx\n'],
      ])
    })

    it('makes an environment that the app and nginx take, with secrets of its own that only its owner reads', () => {
      const [one, other] = [newOne(), newOne()]
      for (const each of [one, other]) expect(each.setUp().code).to.equal(0)
      const made = environmentOf(one)
      const server = { EVENTSTORE_URL: 'esdb://e', DATABASE_URL: 'postgres://p', NATS_URL: 'nats://n' }
      const s3 = { S3_ENDPOINT: 'http://minio:9000', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b' }
      const config = readConfig({ ...made, ...server, ...s3 })
      expect(config.CORS_ALLOWED_ORIGINS).to.deep.equal(['https://admin.api.xylolabs.com', 'https://app.xylolabs.com'])
      expect(hostsOf(siteOf(made))).to.deep.equal([
        ...['api.xylolabs.com', 'admin.api.xylolabs.com', 'app.xylolabs.com', 'docs.api.xylolabs.com'],
      ])
      for (const [variable, value] of Object.entries(made))
        if (/SECRET|KEY|PASSWORD/.test(variable)) {
          expect(value, variable).to.match(/^[0-9a-f]{24,64}$/)
          const elsewhere = Object.entries(environmentOf(other)).concat(Object.entries(made))
          expect(elsewhere.filter(([, same]) => same === value).length, variable).to.equal(1)
        }
      expect([one.mode(environmentFile), one.mode(credentials), one.read(credentials)]).to.deep.equal([
        ...[0o600, 0o600, `email: admin@xylolabs.com\npassword: ${made['INITIAL_ADMIN_PASSWORD']}\n`],
      ])
      const example = readFileSync(join(project, '.env.example'), 'utf8')
      for (const variable of Object.keys(made)) expect(example).to.match(new RegExp(`^(# )?${variable}=`, 'm'))
    })

    it('changes nothing when it is run again, and brings back no credentials that were taken away', () => {
      const one = newOne()
      one.setUp()
      one.remove(credentials)
      one.calls()
      const before = one.state()
      expect(one.setUp({ API_HOST: 'other.example.org' }).code).to.equal(0)
      expect(one.state()).to.deep.equal(before)
      expect(one.calls()).to.deep.equal([])
    })

    it('goes on where it was broken off', () => {
      const one = newOne()
      one.put('no-packages', '')
      expect(one.setUp().code).not.to.equal(0)
      expect(one.read(environmentFile)).to.equal(undefined)
      one.remove('no-packages')
      expect(one.setUp().code).to.equal(0)
      expect(one.read(environmentFile)).to.be.a('string')
    })

    it('chooses the event store by the architecture, and sets up no other', () => {
      const chosen = (machine: string) => {
        const one = newOne({ machine })
        expect(one.setUp().code).to.equal(0)
        return environmentOf(one)
      }
      expect(chosen('x86_64')).to.include({
        COMPOSE_FILE: 'docker-compose.yml',
        EVENTSTORE_IMAGE: 'docker.kurrent.io/kurrent-lts/kurrentdb:26.0.3',
      })
      expect(chosen('aarch64')).to.include({
        COMPOSE_FILE: 'docker-compose.yml:docker-compose.arm64.yml',
        EVENTSTORE_IMAGE: 'embedded',
      })
      for (const given of [{ machine: 'riscv64' }, { release: 'ID=debian\nVERSION_ID="12"\n' }]) {
        const one = newOne(given)
        const { code, err } = one.setUp()
        expect([code, one.calls(), one.read(environmentFile)]).to.deep.equal([1, [], undefined])
        expect(err).to.match(/riscv64|Ubuntu 24\.04/)
      }
    })

    it('takes other names, and none that are not names', () => {
      const one = newOne()
      const own = {
        API_HOST: 'api.example.org',
        ADMIN_HOSTS: 'a.example.org,b.example.org',
        APP_HOSTS: '',
        DOCS_HOST: '',
      }
      expect(one.setUp({ ...own, INITIAL_ADMIN_EMAIL: 'me@example.org' }).code).to.equal(0)
      expect(hostsOf(siteOf(environmentOf(one)))).to.deep.equal(['api.example.org', 'a.example.org', 'b.example.org'])
      expect(environmentOf(one)).to.include({ INITIAL_ADMIN_EMAIL: 'me@example.org' })
      for (const wrong of [
        { API_HOST: 'a.com;' },
        { APP_HOSTS: 'a.com,$(id).com' },
        { INITIAL_ADMIN_EMAIL: 'a b@c' },
      ]) {
        const other = newOne()
        expect(other.setUp(wrong).code).to.equal(1)
        expect(other.calls()).to.deep.equal([])
      }
    })
  })

  describe('deploy.sh', () => {
    const site = 'etc/nginx/conf.d/xylolabs.conf'
    const ready = () => {
      const one = newOne()
      expect(one.setUp().code).to.equal(0)
      one.calls()
      return one
    }
    /** What a dry run says it would call, as the calls are noted. */
    const planned = (out: string) =>
      out
        .split('\n')
        .filter((line) => /^\+ (?:docker|rsync|ssh|nginx|systemctl|certbot|curl) /.test(line))
        .map((line) => line.slice(2).replace(/ [<>] \S+$/, ''))
    const bundles = /\S*\/tmp\.\w+/g
    it('brings the image to the server, and certificates by challenges alone before everything is shown', () => {
      const one = ready()
      const { code, out, err } = one.deploy('first')
      expect([code, err], out + err).to.deep.equal([0, ''])
      const calls = one.calls()
      const steps = ['docker (?:compose )?\\w+', 'rsync', 'ssh', 'nginx -t', 'systemctl \\w+', 'certbot \\w+', 'curl']
      expect(calls.map((call) => new RegExp(`^(?:${steps.join('|')})`).exec(call)?.[0] ?? call)).to.deep.equal([
        ...[
          'docker build',
          'docker save',
          'rsync',
          'ssh',
          'docker load',
          'docker tag',
          'docker rmi',
          'docker compose up',
          'docker tag',
        ],
        ...['docker compose run', 'nginx -t', 'systemctl reload', 'certbot certonly'],
        ...['docker compose run', 'nginx -t', 'systemctl reload', 'docker image', 'curl'],
      ])
      const hosts = ['api.xylolabs.com', 'admin.api.xylolabs.com', 'app.xylolabs.com', 'docs.api.xylolabs.com']
      const asked = calls.find((call) => call.startsWith('certbot'))!
      expect([...asked.matchAll(/--domain (\S+)/g)].map(([, host]) => host)).to.deep.equal(hosts)
      expect([one.read('running'), one.read('shown-to-certbot'), one.read(site)]).to.deep.equal([
        ...['xylolabs-api:first\n', '# http\n', '# tls\n'],
      ])
      expect(one.read('opt/xylolabs-api/docker-compose.yml')).to.equal(compose)
    })

    it('says in a dry run what it then does, the first time and again, and does nothing', () => {
      const one = ready()
      for (const release of ['first', 'second']) {
        const before = one.state()
        const dry = one.deploy(release, ['--dry-run'])
        expect([dry.code, dry.err], dry.err).to.deep.equal([0, ''])
        expect(one.state()).to.deep.equal(before)
        const asked = one.calls()
        expect(asked.length).to.equal(1)
        expect(asked[0]).to.match(/^ssh .* --dry-run$/)
        expect(one.deploy(release).code).to.equal(0)
        const same = (calls: string[]) => calls.map((call) => call.replaceAll(bundles, 'BUNDLE'))
        expect(same(planned(dry.out))).to.deep.equal(same(one.calls()))
      }
    })

    it('shows everything all the while when it is run again', () => {
      const one = ready()
      one.deploy('first')
      one.calls()
      expect(one.deploy('second').code).to.equal(0)
      expect(one.calls().filter((call) => call.includes('--phase http'))).to.deep.equal([])
      expect([one.read('running'), one.read('shown-to-certbot')]).to.deep.equal(['xylolabs-api:second\n', '# tls\n'])
      expect(one.read('images/xylolabs-api:previous')).to.equal('xylolabs-api:first\n')
    })

    for (const called of [name, 'xylolabs-api:0.0.9'])
      it(`goes back to what ran before, called ${called}, when the new version is not ready`, () => {
        const one = ready()
        one.deploy('first')
        for (const folder of ['', 'ready/'])
          one.put(`opt/xylolabs-api/${folder}docker-compose.yml`, compose.replace(name, called))
        one.put(`images/${called}`, one.read(`images/${name}`)!)
        const before = one.read('opt/xylolabs-api/docker-compose.yml')
        one.put('broken', 'xylolabs-api:second\n')
        one.calls()
        const { code, err } = one.deploy('second', [], { READY_SECS: '7' })
        expect(code).to.equal(1)
        expect(err).to.include('it was not ready within 7 s').and.include('the version before runs again')
        expect([one.read('running'), one.read('opt/xylolabs-api/docker-compose.yml'), one.read(site)]).to.deep.equal([
          ...['xylolabs-api:first\n', before, '# tls\n'],
        ])
        const calls = one.calls()
        expect(calls.filter((call) => call.includes('compose up')).length).to.equal(2)
        expect(calls.filter((call) => /compose (?:stop|exec)/.test(call))).to.deep.equal([])
        expect(calls.filter((call) => /^certbot|^nginx|^systemctl|prune/.test(call))).to.deep.equal([])
        // And the next one has what ran, not what failed, to go back to.
        one.remove('broken')
        expect(one.deploy('third').code).to.equal(0)
        expect([one.read('running'), one.read('images/xylolabs-api:previous')]).to.deep.equal([
          ...['xylolabs-api:third\n', 'xylolabs-api:first\n'],
        ])
      })

    it('has the version before build its tables anew when the new one has changed them, and where they are not ours says so', () => {
      for (const own of [true, false]) {
        const one = ready()
        one.deploy('first')
        one.put('broken', 'xylolabs-api:second\n')
        one.put('migrations-xylolabs-api:second', '1_first.sql\n2_second.sql\n')
        if (!own) one.put(environmentFile, `${one.read(environmentFile)!}DATABASE_URL=postgres://elsewhere\n`)
        one.calls()
        const { code, err } = one.deploy('second')
        const calls = one.calls().filter((call) => /compose (?:up|stop|exec)/.test(call))
        const steps = calls.map((call) => /compose \w+/.exec(call)![0])
        expect([code, steps]).to.deep.equal([
          ...[1, ['compose up', ...(own ? ['compose stop', 'compose exec', 'compose up'] : [])]],
        ])
        expect(err).to.include(own ? 'the version before runs again' : 'ops/runbooks/postgres-lost.md')
        if (own) expect(calls[2]).to.match(/-T postgres sh -c .*rename.*_until_.*createdb/)
      }
    })

    it('goes back to what was ready last, not to what a deployment that was cut off has left', () => {
      const one = ready()
      one.deploy('first')
      // Killed while it waited for the second, which is never ready.
      one.put(`images/${name}`, 'xylolabs-api:second\n')
      one.put('broken', 'xylolabs-api:second\nxylolabs-api:third\n')
      const { code, err } = one.deploy('third')
      expect([code, one.read('running'), one.read('images/xylolabs-api:previous')]).to.deep.equal([
        ...[1, 'xylolabs-api:first\n', 'xylolabs-api:first\n'],
      ])
      expect(err).to.include('the version before runs again')
    })

    it('lets nobody else deploy meanwhile', () => {
      const one = ready()
      one.put('bin/flock', '#!/bin/bash\nexit 1\n', 0o755)
      const { code, err } = one.deploy('first')
      expect([code, one.read('running')]).to.deep.equal([1, undefined])
      expect(err).to.include('another deployment is at work')
    })

    it('says so when there is nothing to go back to', () => {
      const one = ready()
      one.put('broken', 'xylolabs-api:first\n')
      const { code, err } = one.deploy('first')
      expect([code, one.read('running'), one.read(site)]).to.deep.equal([1, undefined, undefined])
      expect(err).to.include('there is no version before it')
    })

    it('leaves nginx as it was when that refuses its configuration', () => {
      const one = ready()
      one.deploy('first')
      one.put(site, '# what was good\n')
      one.put('bad-nginx', '')
      one.calls()
      const { code, err } = one.deploy('second')
      expect([code, one.read(site), one.read(`${site}.before`)]).to.deep.equal([1, '# what was good\n', undefined])
      expect(err).to.include('nginx refuses its configuration')
      expect(one.calls().filter((call) => call.startsWith('systemctl reload'))).to.deep.equal([])
    })

    it('goes on another time when there was no certificate', () => {
      const one = ready()
      one.put('no-certificates', '')
      const { code, err } = one.deploy('first')
      expect([code, one.read(site)]).to.deep.equal([1, '# http\n'])
      expect(err).to.include('no certificate: do all names lead to this server')
      one.remove('no-certificates')
      expect(one.deploy('first').code).to.equal(0)
      expect(one.read(site)).to.equal('# tls\n')
    })

    it('publishes the documentation where there is some, and keeps it where there is none', () => {
      const one = ready()
      one.put('docs/index.html', 'documentation')
      expect(one.deploy('first', [], { DOCS_BUNDLE: join(one.root, 'docs') }).code).to.equal(0)
      expect(one.read('var/www/xylolabs-docs/index.html')).to.equal('documentation')
      expect(one.deploy('second').out).to.include('there is no documentation in')
      expect(one.read('var/www/xylolabs-docs/index.html')).to.equal('documentation')
    })

    it('deploys to no server that is not set up, and takes nothing it does not know', () => {
      const one = newOne()
      const { code, err } = one.deploy('first')
      expect([code, err.includes('run setup-server.sh first')]).to.deep.equal([1, true])
      one.calls()
      expect(one.deploy('first', ['--help'])).to.deep.include({ code: 0, err: '' })
      expect(one.deploy('first', ['--dry']).code).to.equal(2)
      for (const wrong of [{ READY_SECS: '5; id' }, { CERTBOT_EMAIL: '$(id)@x' }, { DEPLOY_RELEASE: 'a;b' }])
        expect(one.deploy('first', [], wrong).code).to.equal(1)
      expect(newOne({ machine: 'riscv64' }).deploy('first').code).to.equal(1)
      expect(one.calls()).to.deep.equal([])
    })
  })
})
