import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { once } from 'node:events'
import path from 'node:path'
import { run } from '../../embedded/child.ts'
import { succeeds, surveyLaunch, tieToOwner } from '../../embedded/launch.ts'
import { onFreePort } from '../../embedded/ports.ts'
import { root } from '../../platform/root.ts'

export interface Nginx {
  url: string
  end: () => Promise<void>
}

const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** Debian's nginx, serving the files of a folder; undefined where it is not installed. */
export async function startNginx(folder: string): Promise<Nginx | undefined> {
  const binary = await installed()
  if (binary === undefined) return undefined
  const launch = await surveyLaunch()
  return onFreePort(async (port) => {
    const config = path.join(folder, 'nginx.conf')
    writeFileSync(config, configuration(folder, port))
    const nginx = run({
      name: 'nginx',
      dataDir: folder,
      ...tieToOwner(launch, [binary, '-p', folder, '-c', config, '-e', 'stderr']),
      ready: () => answers(port),
      readyWithinMs: 10_000,
    })
    await nginx.ready()
    return { url: `http://127.0.0.1:${port}`, end: () => nginx.end(10_000) }
  })
}

/** Installs it where that can be done; where it cannot, one sentence on stderr says why. */
export async function prepareNginx(): Promise<void> {
  const args = [path.join(root, 'ops/prepare.mjs'), '--bench']
  await once(spawn(process.execPath, args, { stdio: ['ignore', process.stderr, process.stderr] }), 'exit')
}

/** In the foreground, on loopback alone, and nothing outside the folder; as who we are, since nobody else may look into it. */
const configuration = (folder: string, port: number) => `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/nginx.own.pid;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
${temporary.map((what) => `  ${what}_temp_path ${folder}/nginx-${what};`).join('\n')}
  server { listen 127.0.0.1:${port}; root ${folder}; }
}
`

async function installed(): Promise<string | undefined> {
  // Debian puts it in /usr/sbin, which is not on every user's PATH.
  for (const candidate of ['nginx', '/usr/sbin/nginx']) if (await succeeds([candidate, '-v'])) return candidate
  return undefined
}

async function answers(port: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  socket.destroy()
}
