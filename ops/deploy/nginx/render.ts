import { STATUS_CODES } from 'node:http'
import { hostsOf, type Site } from './site.ts'

/** Where things are on the machine that nginx runs on. */
export interface Places {
  /** An address to listen at; all of them, IPv6 too, where it is empty. */
  listen: string
  httpPort: number
  httpsPort: number
  /** `host:port` of the app. */
  upstream: string
  /** Folder of fullchain.pem and privkey.pem. */
  certificate: string
  /** Where certbot leaves its challenges. */
  webroot: string
  /** The documentation's files. */
  docs: string
  /** Folder of the access log. */
  logs: string
  /** Such as 1.24.0: HTTP/2 is switched on in another way since 1.25.1. */
  nginxVersion: string
}

/** As setup-server.sh makes them on Ubuntu 24.04. */
export const onServer: Places = {
  listen: '',
  httpPort: 80,
  httpsPort: 443,
  upstream: '127.0.0.1:3000',
  certificate: '/etc/letsencrypt/live/xylolabs-api',
  webroot: '/var/www/xylolabs-acme',
  docs: '/var/www/xylolabs-docs',
  logs: '/var/log/nginx',
  nginxVersion: '1.24.0',
}

/** `http`: challenges alone, before there is a certificate. `tls`: everything. */
export type Phase = 'http' | 'tls'

const MIB = 1 << 20
/** What a form has around its file, and a little: what is too large is refused by the app, which says so as it says everything. */
const around = MIB
/** A JSON body has 1 MiB at most, and the app says so. */
const jsonBytes = 2 * MIB

/** What belongs into nginx's `http` block, as a file in conf.d. */
export const render = (site: Site, places: Places, phase: Phase): string =>
  `# Made by \`nginx:render --phase ${phase}\` from the environment: changes here are lost at the next deployment.
${phase === 'http' ? challengesAlone(site, places) : everything(site, places)}`

const challengesAlone = (site: Site, places: Places) => `
server {
  ${listening(places, places.httpPort)}
  server_name ${hostsOf(site).join(' ')};
  server_tokens off;
  access_log off;
${challenges(places)}
  location / { add_header Retry-After 60 always; return 503; }
}
`

const everything = (site: Site, places: Places) => `
upstream xylolabs_api {
  server ${places.upstream} max_fails=0;
  keepalive 32;
  # Shorter than the app's own: no request is sent into a connection that it is closing.
  keepalive_timeout 4s;
}
# The path without its query, where links that play a recording carry their token.
log_format xylolabs '$remote_addr [$time_iso8601] "$request_method $uri $server_protocol" $status $body_bytes_sent '
  '$host $request_time $sent_http_x_request_id';
server_names_hash_bucket_size 256;

server {
  ${listening(places, places.httpPort, 'default_server')}
  server_name _;
  access_log off;
  # A name that is new has no certificate before its challenge is answered.
${challenges(places)}
  location / { return 444; }
}
server {
  ${listening(places, places.httpPort)}
  server_name ${hostsOf(site).join(' ')};
  server_tokens off;
  access_log off;
${challenges(places)}
  location / { return 301 https://$host$request_uri; }
}
server {
  ${listening(places, places.httpsPort, `ssl${http2(places).onListen} default_server`)}${http2(places).alone}
  server_name _;
  ssl_protocols TLSv1.2 TLSv1.3;
  # Whoever asks for a name that is not ours learns none of ours.
  ssl_reject_handshake on;
}
${[site.api, ...site.admin, ...site.app].map((name) => appServer(name, site, places)).join('')}${site.docs === undefined ? '' : docsServer(site.docs, places)}`

const appServer = (name: string, site: Site, places: Places) => `
server {
${secured(name, places)}
${hidden.map((header) => `  proxy_hide_header ${header};`).join('\n')}
${securityHeaders('  ')}
  # What is compressed here loses its strong ETag, which If-Match needs.
  gzip off;
  client_max_body_size ${jsonBytes};

  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For ${site.proxies === 1 ? '$remote_addr' : '$proxy_add_x_forwarded_for'};
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $host;
  proxy_set_header Forwarded "";
  proxy_connect_timeout 5s;
  # Nothing that is answered lies on this disk.
  proxy_max_temp_file_size 0;

  location / { proxy_pass http://xylolabs_api; }
  location = /api/v1/live {
    proxy_pass http://xylolabs_api;
    proxy_buffering off;
    proxy_read_timeout 1h;
  }
${streamed('= /api/v1/uploads', site.uploadBytes)}
${streamed('/api/v1/uploads/resumable', site.uploadBytes)}
${streamed('= /api/v1/firmware', site.firmwareBytes)}

  error_page 413 @too_large;
  error_page 502 504 =503 @away;
${problem('@too_large', 413, 'payload_too_large', 'The body is larger than this path takes')}
${problem('@away', 503, 'unavailable', 'The service is starting or away; try again', 5)}
}
`

/** A body goes on as it comes: it is neither waited for nor written to this disk. */
const streamed = (where: string, bytes: number) => `  location ${where} {
    proxy_pass http://xylolabs_api;
    client_max_body_size ${bytes + around};
    client_body_timeout 120s;
    proxy_request_buffering off;
    proxy_send_timeout 300s;
    proxy_read_timeout 300s;
  }`

/** nginx's own refusals in the form of the app's. */
function problem(name: string, status: number, code: string, detail: string, retryAfterSecs?: number): string {
  const body = { type: 'about:blank', title: STATUS_CODES[status], status, code, detail, request_id: '$request_id' }
  return `  location ${name} {
    internal;
    default_type application/problem+json;
${securityHeaders('    ')}
    add_header X-Request-Id $request_id always;${retryAfterSecs === undefined ? '' : `\n    add_header Retry-After ${retryAfterSecs} always;`}
    return ${status} '${JSON.stringify(body)}';
  }`
}

const docsServer = (name: string, places: Places) => `
server {
${secured(name, places)}
${securityHeaders('  ')}
  add_header Content-Security-Policy "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'" always;
  add_header Cache-Control no-cache;
  gzip on;
  gzip_vary on;
  gzip_types text/css application/javascript text/javascript application/json image/svg+xml;
  location = / { return 302 /docs/; }
  location /docs/ {
    rewrite ^/docs(/.*)$ $1 break;
    root ${places.docs};
    try_files $uri $uri.html $uri/index.html =404;
  }
}
`

const secured = (
  name: string,
  places: Places,
) => `  ${listening(places, places.httpsPort, `ssl${http2(places).onListen}`)}${http2(places).alone}
  server_name ${name};
  server_tokens off;
  access_log ${places.logs}/xylolabs.log xylolabs;
  ssl_certificate ${places.certificate}/fullchain.pem;
  ssl_certificate_key ${places.certificate}/privkey.pem;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:xylolabs:10m;
  ssl_session_tickets off;`

/** Those of the app, that every answer may have them once: nginx's own too. */
const headers = {
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
}
const hidden = Object.keys(headers)
const securityHeaders = (indent: string) =>
  Object.entries(headers)
    .map(([name, value]) => `${indent}add_header ${name} "${value}" always;`)
    .join('\n')

const challenges = ({ webroot }: Places) => `  location ^~ /.well-known/acme-challenge/ {
    root ${webroot};
    default_type text/plain;
    try_files $uri =404;
  }`

function listening({ listen }: Places, port: number, more = ''): string {
  const at = listen === '' ? [`${port}`, `[::]:${port}`] : [`${listen}:${port}`]
  return at.map((address) => `listen ${[address, more].filter(Boolean).join(' ')};`).join('\n  ')
}

function http2({ nginxVersion }: Places): { onListen: string; alone: string } {
  const [major = 0, minor = 0, patch = 0] = nginxVersion.split('.').map(Number)
  const isNew = major > 1 || minor > 25 || (minor === 25 && patch > 0)
  return isNew ? { onListen: '', alone: '\n  http2 on;' } : { onListen: ' http2', alone: '' }
}
