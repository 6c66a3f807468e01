import { type Command, InvalidArgumentError } from 'commander'
import type { Phase, Places } from './nginx/render.ts'

interface Settings {
  environment: NodeJS.ProcessEnv
}

/** `nginx:render`: what a deployment asks of the image on the server. */
export function addDeployCommands(program: Command, { environment }: Settings): void {
  program
    .command('nginx:render')
    .description(
      'print the configuration of nginx for the hosts of the environment: API_HOST, ADMIN_HOSTS, APP_HOSTS, DOCS_HOST',
    )
    .requiredOption('--phase <phase>', 'http: challenges of certbot alone; tls: everything', phase)
    .option('--listen <address>', 'to listen at one address instead of all', word)
    .option('--http-port <n>', '80 unless given', port)
    .option('--https-port <n>', '443 unless given', port)
    .option('--upstream <host:port>', "the app's address, 127.0.0.1:3000 unless given", word)
    .option('--certificate <folder>', 'of fullchain.pem and privkey.pem', word)
    .option('--webroot <folder>', "of certbot's challenges", word)
    .option('--docs <folder>', 'of the documentation', word)
    .option('--logs <folder>', 'of the access log', word)
    .option('--nginx-version <version>', 'of the nginx that will read it, such as 1.24.0', word)
    .action(async ({ phase, ...given }: { phase: Phase } & Partial<Places>) => {
      const { onServer, render } = await import('./nginx/render.ts')
      const { siteOf } = await import('./nginx/site.ts')
      process.stdout.write(render(siteOf(environment), { ...onServer, ...given }, phase))
    })
}

function phase(text: string): string {
  if (text !== 'http' && text !== 'tls') throw new InvalidArgumentError('It is http or tls.')
  return text
}

function port(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('It is a port.')
  return port
}

/** Nothing that would end a word of nginx's. */
function word(text: string): string {
  if (!/^[\w./:@-]+$/.test(text)) throw new InvalidArgumentError('It has letters, digits and ./:@_- alone.')
  return text
}
