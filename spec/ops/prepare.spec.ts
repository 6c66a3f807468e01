import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../ops/prepare.mjs', import.meta.url))
const isRoot = process.getuid?.() === 0
const isDebian = process.platform === 'linux' && /debian|ubuntu/.test(readFileSync('/etc/os-release', 'utf8'))

describe('preparing a clone', () => {
  let root: string
  let bin: string

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'a clone '))
    chmodSync(root, 0o755)
    bin = path.join(root, 'bin')
    for (const folder of ['ops', 'bin', 'node_modules']) mkdirSync(path.join(root, folder))
    copyFileSync(script, path.join(root, 'ops', 'prepare.mjs'))
    const identity = { name: 'clone', version: '1.0.0' }
    writeFileSync(path.join(root, 'package.json'), JSON.stringify(identity))
    writeFileSync(
      path.join(root, 'package-lock.json'),
      JSON.stringify({ ...identity, lockfileVersion: 3, requires: true, packages: { '': identity } }),
    )
    writeFileSync(path.join(root, 'node_modules', '.package-lock.json'), '{"packages":{}}')
    for (const name of ['nats-server', 'ffmpeg', 'ffprobe']) program(name)
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  const program = (name: string, body = '') =>
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  const remove = (...names: string[]) => names.forEach((name) => rmSync(path.join(bin, name)))
  const calls = () => readFileSync(path.join(root, 'calls'), 'utf8').trim().split('\n')

  const npm = (...args: string[]) => expect(spawnSync('npm', args, { cwd: root }).status).to.equal(0)

  function prepare(env: Record<string, string> = {}, uid?: number, args: string[] = []) {
    const { npm_execpath: _, ...rest } = process.env
    const done = spawnSync(process.execPath, [path.join(root, 'ops', 'prepare.mjs'), ...args], {
      cwd: tmpdir(),
      env: { ...rest, FFMPEG_PATH: '', FFPROBE_PATH: '', NATS_SERVER_PATH: '', PATH: bin, ...env },
      encoding: 'utf8',
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    return { code: done.status, out: done.stdout.trim(), err: done.stderr.trim() }
  }

  it('does nothing and says nothing when nothing is missing', () => {
    prepare()
    const runs = [1, 2, 3].map(() => prepare())
    for (const { code, out, err } of runs) expect({ code, out, err }).to.deep.equal({ code: 0, out: '', err: '' })
  })

  it('wants a browser for the specs alone', () => {
    const CHROMIUM_PATH = path.join(root, 'no-browser')
    expect(prepare({ CHROMIUM_PATH }).code).to.equal(0)
    const { code, err } = prepare({ CHROMIUM_PATH }, undefined, ['--all'])
    expect(code).to.equal(1)
    expect(err).to.equal(`CHROMIUM_PATH is ${CHROMIUM_PATH}, which is not a program: correct it, or unset it`)
  })

  it('installs packages when there are none, and again only after the lock has changed', () => {
    rmSync(path.join(root, 'node_modules'), { recursive: true })
    const PATH = `${bin}${path.delimiter}${process.env.PATH}`
    expect(prepare({ PATH })).to.include({ code: 0 }).and.to.have.property('out').that.includes('npm ci')
    expect(prepare({ PATH })).to.include({ code: 0, out: '' })
    // What came with a pull: another lock, node_modules as before.
    mkdirSync(path.join(root, 'local'))
    writeFileSync(path.join(root, 'local', 'package.json'), JSON.stringify({ name: 'local', version: '1.0.0' }))
    npm('install', './local', '--package-lock-only')
    expect(prepare({ PATH })).to.include({ code: 0 }).and.to.have.property('out').that.includes('npm ci')
  })

  it('has packages fetch nothing from elsewhere while they are installed', () => {
    rmSync(path.join(root, 'node_modules'), { recursive: true })
    program('npm', `echo "$* $ONNXRUNTIME_NODE_INSTALL" >> '${root}/calls'`)
    expect(prepare()).to.include({ code: 0 })
    expect(calls()).to.deep.equal(['ci skip'])
  })

  it('is content with what npm was told by hand', () => {
    prepare()
    mkdirSync(path.join(root, 'local'))
    writeFileSync(path.join(root, 'local', 'package.json'), JSON.stringify({ name: 'local', version: '1.0.0' }))
    npm('install', './local')
    expect(prepare()).to.include({ code: 0, out: '' })
  })

  it('takes a program from the variable that names it, and says so when that is none', () => {
    remove('ffmpeg')
    program('own-ffmpeg')
    expect(prepare({ FFMPEG_PATH: path.join(bin, 'own-ffmpeg') })).to.include({ code: 0, out: '' })
    const { code, err } = prepare({ FFMPEG_PATH: '/nowhere/ffmpeg' })
    expect(code).to.equal(1)
    expect(err).to.include('FFMPEG_PATH is /nowhere/ffmpeg')
  })

  describe('on Debian as root', () => {
    before(function () {
      if (!isRoot || !isDebian) this.skip()
    })

    it('installs what is missing through apt-get, waiting for its locks', () => {
      remove('ffmpeg', 'ffprobe')
      // Stands in for apt: the lists are locked at first, then the package comes.
      program(
        'apt-get',
        `echo "$DEBIAN_FRONTEND $@" >> '${root}/calls'
        case "$@" in
          *update*) if [ ! -e '${root}/tried' ]; then : > '${root}/tried'; echo 'E: Could not get lock /var/lib/apt/lists/lock' >&2; exit 100; fi ;;
          *install*) for f in ffmpeg ffprobe; do printf '#!/bin/sh\\n' > '${bin}'/$f; /bin/chmod 755 '${bin}'/$f; done ;;
        esac`,
      )
      expect(prepare()).to.include({ code: 0, out: 'Installing ffmpeg through apt-get', err: '' })
      const options = 'noninteractive -qq -o DPkg::Lock::Timeout=300'
      expect(calls()).to.deep.equal([
        `${options} update`,
        `${options} update`,
        `${options} install -y --no-install-recommends ffmpeg`,
      ])
      expect(prepare()).to.include({ code: 0, out: '' })
    })

    it('shows what apt-get said when it cannot', () => {
      remove('ffmpeg', 'ffprobe')
      program('apt-get', 'echo "E: Unable to locate package" >&2; exit 100')
      const { code, out, err } = prepare()
      expect(code).to.equal(1)
      expect(out).to.include('Unable to locate package')
      expect(err).to.include('apt-get could not install ffmpeg')
    })

    it('installs for the specs what a server is set up with, and starts none of it', () => {
      const sbin = path.join(root, 'sbin')
      mkdirSync(sbin)
      program('update-rc.d', `echo "update-rc.d $@" >> '${root}/calls'`)
      const brings = (file: string) => `echo > '${file}'; /bin/chmod 755 '${file}'`
      const names = ['nginx', 'shellcheck', 'certbot', 'pebble']
      const files = names.map((name) => path.join(name === 'nginx' ? sbin : bin, name))
      program(
        'apt-get',
        `echo "$@" >> '${root}/calls'
        case "$@" in *install*)
          '${sbin}/policy-rc.d' nginx start; echo "policy $?" >> '${root}/calls'; ${files.map(brings).join('; ')} ;;
        esac`,
      )
      const asked = { root, everything: true, sbin }
      const code = `import { prepare } from ${JSON.stringify(path.join(root, 'ops', 'prepare.mjs'))}
        prepare({ ...${JSON.stringify(asked)}, env: process.env, say: console.log })`
      const env = { PATH: bin, CHROMIUM_PATH: path.join(bin, 'ffmpeg'), SPEC_LONG: '1' }
      const run = () => spawnSync(process.execPath, ['--input-type=module', '-e', code], { env, encoding: 'utf8' })
      expect(run().stderr).to.equal('')
      expect(calls().map((call) => call.replace(/^-qq .*=300 /, ''))).to.deep.equal([
        'update',
        `install -y --no-install-recommends ${names.join(' ')}`,
        'policy 101',
        'update-rc.d nginx disable',
      ])
      expect(existsSync(path.join(sbin, 'policy-rc.d')), 'the policy is gone').to.equal(false)
      expect(run().stdout).to.equal('')
    })

    describe('for what a bench is measured beside', () => {
      const sbin = () => path.join(root, 'sbin')
      const policy = () => path.join(sbin(), 'policy-rc.d')
      beforeEach(() => mkdirSync(sbin()))

      /** Stands in for apt: notes what the policy says while it installs, and brings nginx where it has `brings`. */
      function apt({ brings }: { brings?: string }) {
        program('update-rc.d', `echo "update-rc.d $@" >> '${root}/calls'`)
        program(
          'apt-get',
          `echo "$@" >> '${root}/calls'
          case "$@" in
            *install*" ${brings}") '${policy()}' nginx start; echo "policy $?" >> '${root}/calls'; echo > '${sbin()}/nginx'; /bin/chmod 755 '${sbin()}/nginx' ;;
            *install*) echo "E: Unable to locate package"; exit 100 ;;
          esac`,
        )
      }
      function prepareBench(uid?: number) {
        const code = `import { prepareBench } from ${JSON.stringify(path.join(root, 'ops', 'prepare.mjs'))}
          try { prepareBench({ env: process.env, say: console.log, sbin: ${JSON.stringify(sbin())} }) }
          catch (error) { console.error(error.message) }`
        const done = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
          env: { PATH: bin },
          encoding: 'utf8',
          ...(uid === undefined ? {} : { uid, gid: uid }),
        })
        return { out: done.stdout.trim(), err: done.stderr.trim() }
      }
      const asked = () => calls().map((call) => call.replace(/^-qq .*=300 /, ''))
      const install = 'install -y --no-install-recommends'

      it('installs nginx, which nothing starts, then or later, and does so once', () => {
        apt({ brings: 'nginx' })
        expect(prepareBench()).to.deep.equal({ out: 'Installing nginx-light or nginx through apt-get', err: '' })
        const expected = [
          'update',
          `${install} nginx-light`,
          `${install} nginx`,
          'policy 101',
          'update-rc.d nginx disable',
        ]
        expect(asked()).to.deep.equal(expected)
        expect(existsSync(policy()), 'the policy is gone').to.equal(false)
        expect(prepareBench()).to.deep.equal({ out: '', err: '' })
        expect(asked()).to.deep.equal(expected)
      })

      it('says so where apt-get cannot, and leaves no policy behind', () => {
        apt({})
        const { out, err } = prepareBench()
        expect(out).to.include('Unable to locate package')
        expect(err).to.equal('apt-get could not install nginx-light or nginx: see above')
        expect(existsSync(policy())).to.equal(false)
      })

      it('keeps the policy of the machine, and installs nothing by one that lets servers start', () => {
        apt({ brings: 'nginx-light' })
        const own = (code: number) => `#!/bin/sh\nexit ${code}\n`
        writeFileSync(policy(), own(0), { mode: 0o755 })
        expect(prepareBench().err).to.include(`${policy()} would let it be started`)
        expect(existsSync(path.join(root, 'calls'))).to.equal(false)
        writeFileSync(policy(), own(101))
        expect(prepareBench().err).to.equal('')
        expect(asked()).to.include('policy 101')
        expect(readFileSync(policy(), 'utf8')).to.equal(own(101))
      })

      it('is rid of a policy whose process was killed', () => {
        program('apt-get', `kill -9 $PPID`)
        prepareBench()
        expect(existsSync(policy()), 'it was killed').to.equal(true)
        apt({ brings: 'nginx-light' })
        expect(prepareBench().err).to.equal('')
        expect(asked()).to.include('policy 101')
        expect(existsSync(policy())).to.equal(false)
      })

      it('installs nothing as an ordinary user', () => {
        expect(prepareBench(65534).err).to.match(/^Not found: nginx\. /)
      })
    })

    it('says in one sentence what an ordinary user has to type', () => {
      prepare()
      remove('ffmpeg', 'ffprobe')
      const { code, out, err } = prepare({}, 65534)
      expect({ code, out }).to.deep.equal({ code: 1, out: '' })
      expect(err).to.equal(
        'Not found: ffmpeg, ffprobe. Type: sudo apt-get update && sudo apt-get install -y --no-install-recommends ffmpeg',
      )
    })
  })
})
