import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root as project } from '../ops/platform/root.ts'

export type Server = ReturnType<typeof newServer>

/** What only looks, and is asked in a dry run too. */
const looks = /^systemctl is-|^docker image inspect|^nginx -v|^ssh .* uname -m$/

/**
 * A server that is a folder, and the machine that deploys to it: their programs note how they are called, and do as much of it as the scripts
 * can see. A file in the folder has one fail: `broken` holds the image that is never ready, `bad-nginx`, `no-certificates`, `no-packages`.
 */
export function newServer({ machine = 'x86_64', release = 'ID=ubuntu\nVERSION_ID="24.04"\n' } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'xylolabs-server-'))
  const [bin, log] = [join(root, 'bin'), join(root, 'calls')]
  const put = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    chmodSync(join(root, path), mode)
  }
  const silent = (name: string, body: string) => put(`bin/${name}`, `#!/bin/bash\ncd '${root}'\n${body}\n`, 0o755)
  const noted = (name: string, body: string) =>
    put(
      `bin/${name}`,
      `#!/bin/bash\n{ printf ${name}; printf ' %q' "$@"; echo; } >>'${log}'\nhere=$PWD\n${body}\n`,
      0o755,
    )
  put('etc/os-release', release)
  put('etc/nginx/sites-enabled/default', 'server {}')
  put('etc/nginx/conf.d/other.conf', '')
  silent('uname', `echo ${machine}`)
  put('bin/sudo', '#!/bin/bash\nexec "$@"\n', 0o755)
  silent('dpkg-query', '[ -e installed ] && echo installed')
  put(
    'bin/id',
    `#!/bin/bash\ncase "$1" in -u) echo 1000 ;; -nG) cat '${root}/groups' 2>/dev/null ;; *) exec /usr/bin/id "$@" ;; esac\n`,
    0o755,
  )
  // What reads its standard input would read the rest of a script that comes from there.
  noted(
    'apt-get',
    `cat >/dev/null; cd '${root}'; [ ! -e no-packages ] || exit 100; case "$*" in *install*) touch installed ;; esac`,
  )
  noted('usermod', `echo users docker >'${root}/groups'`)
  noted(
    'systemctl',
    `cd '${root}'; case "$1" in is-*) [ -e "started-\${@: -1}" ] ;; enable) touch "started-$3" ;; esac`,
  )
  noted('ssh', `while [[ $1 != *@* ]]; do shift; done; shift; exec bash -c "$*"`)
  noted(
    'rsync',
    `while [[ $1 == --* ]]; do [ "$1" != --rsh ] || shift; shift; done
    to=\${@: -1}; to=\${to#*@*:}; mkdir -p "$to"
    for from in "\${@:1:$#-1}"; do if [[ $from == */ ]]; then cp -r "$from." "$to"; else cp -r "$from" "$to"; fi; done`,
  )
  noted(
    'docker',
    `mkdir -p '${root}/images'; cd '${root}/images'
    case "$*" in
      save*) echo "$4" >"$3" ;;
      load*) cat "$here/$3" >"$(cat "$here/$3")" ;;
      tag*) cp "$2" "$3" ;;
      rmi*) rm "$2" ;;
      run*) cat "../migrations-$(cat "$5")" 2>/dev/null || echo 1_first.sql ;;
      'image inspect'*) [ -e "$3" ] ;;
      'compose up'*)
        runs=$(cat "$(sed -n 's/^ *image: *\\(xylolabs-api:.*\\)$/\\1/p' "$here/docker-compose.yml")")
        ! grep -qx "$runs" ../broken 2>/dev/null || exit 1
        echo "$runs" >../running ;;
      *nginx:render*) echo "# $(sed 's/.*--phase \\(\\w*\\).*/\\1/' <<<"$*")" ;;
    esac`,
  )
  noted(
    'nginx',
    `if [ "$1" = -v ]; then echo 'nginx version: nginx/1.24.0 (Ubuntu)' >&2; else [ ! -e '${root}/bad-nginx' ]; fi`,
  )
  noted(
    'certbot',
    `cd '${root}'; cp etc/nginx/conf.d/xylolabs.conf shown-to-certbot; [ ! -e no-certificates ] || exit 1
    mkdir -p etc/letsencrypt/live/xylolabs-api; touch etc/letsencrypt/live/xylolabs-api/fullchain.pem`,
  )
  noted('curl', '')

  function bash(args: string[], { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {}) {
    const done = spawnSync('/bin/bash', args, {
      ...{ input, encoding: 'utf8', cwd: project, timeout: 60_000 },
      env: { PATH: `${bin}:/usr/bin:/bin`, HOME: root, DESTDIR: root, TMPDIR: root, ...env },
    })
    return { code: done.status, out: done.stdout, err: done.stderr }
  }
  const read = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined)
  return {
    root,
    put,
    read,
    mode: (path: string) => statSync(join(root, path)).mode & 0o777,
    remove: (path: string) => rmSync(join(root, path), { recursive: true, force: true }),
    /** What was called since this was asked, but for what only looks. */
    calls: (): string[] => {
      const all = (read('calls') ?? '').split('\n').filter((call) => call !== '' && !looks.test(call))
      rmSync(log, { force: true })
      return all
    },
    /** Every file, with its mode, when it was written and what is in it. */
    state: () =>
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((path) => path !== 'calls' && statSync(join(root, path)).isFile())
        .sort()
        .map((path) => [path, statSync(join(root, path)).mode, statSync(join(root, path)).mtimeMs, read(path)]),
    /** As the guide has it: through standard input. */
    setUp: (env: Record<string, string> = {}) =>
      bash(['-s'], { input: readFileSync(join(project, 'ops/deploy/setup-server.sh'), 'utf8'), env }),
    deploy: (release: string, args: string[] = [], env: Record<string, string> = {}) =>
      bash(['ops/deploy/deploy.sh', ...args], {
        env: { DEPLOY_RELEASE: release, DOCS_BUNDLE: join(root, 'no-docs'), ...env },
      }),
    end: () => rmSync(root, { recursive: true, force: true }),
  }
}
