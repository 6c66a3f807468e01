import { isIP } from 'node:net'
import { z } from 'zod'
import { ConfigError, proxied } from '../../platform/config.ts'

/** What nginx has to know: which names lead where, and what the app lets through. */
export interface Site {
  api: string
  admin: readonly string[]
  app: readonly string[]
  /** Undefined where no documentation is served. */
  docs: string | undefined
  uploadBytes: number
  firmwareBytes: number
  /** Proxies in front of the app, nginx being the last of them. */
  proxies: number
}

/** A name of the DNS and nothing else: it is written into a configuration, where `;` or `{` would be more than a name. */
export const isHostName = (text: string) =>
  text.length <= 253 &&
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text) &&
  isIP(text) === 0

const host = z
  .string()
  .refine(isHostName, 'must be a host name such as api.xylolabs.com, in small letters, without port or wildcard')

const Environment = proxied.extend({
  API_HOST: host,
  DOCS_HOST: host.optional(),
  ADMIN_HOSTS: proxied.shape.ADMIN_HOSTS.pipe(z.array(host)),
  APP_HOSTS: proxied.shape.APP_HOSTS.pipe(z.array(host)),
  // Else every client has nginx's address: one who guesses passwords would shut all others out.
  TRUST_PROXY: proxied.shape.TRUST_PROXY.refine(
    (proxies) => proxies > 0,
    'must be 1 behind nginx, or more where other proxies are before it',
  ),
})

/** Reads the environment; an empty variable counts as unset. Names all faults at once. */
export function siteOf(environment: NodeJS.ProcessEnv): Site {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = Environment.safeParse(given)
  const faults = parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) =>
        given[String(path[0])] === undefined && path[0] === 'API_HOST'
          ? `${String(path[0])} is required`
          : `${String(path[0])} ${message}`,
      )
  if (parsed.success) {
    const { API_HOST, ADMIN_HOSTS, APP_HOSTS, DOCS_HOST } = parsed.data
    const names = [API_HOST, ...ADMIN_HOSTS, ...APP_HOSTS, ...(DOCS_HOST ? [DOCS_HOST] : [])]
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) faults.push(`${twice} is named twice`)
  }
  if (faults.length > 0 || !parsed.success)
    throw new ConfigError(`The environment is not fit for nginx:\n  ${[...new Set(faults)].join('\n  ')}`)
  const { API_HOST, ADMIN_HOSTS, APP_HOSTS, DOCS_HOST, UPLOAD_MAX_SIZE, FIRMWARE_MAX_SIZE, TRUST_PROXY } = parsed.data
  return {
    api: API_HOST,
    admin: ADMIN_HOSTS,
    app: APP_HOSTS,
    docs: DOCS_HOST,
    uploadBytes: UPLOAD_MAX_SIZE,
    firmwareBytes: FIRMWARE_MAX_SIZE,
    proxies: TRUST_PROXY,
  }
}

/** All names that need a certificate, the API's first. */
export const hostsOf = ({ api, admin, app, docs }: Site): string[] => [
  api,
  ...admin,
  ...app,
  ...(docs === undefined ? [] : [docs]),
]
