import { spawn } from 'node:child_process'
import { once } from 'node:events'

// All specs with the system that they share on the servers of docker-compose.test.yml, and the event store's conformance suite on its event store; what starts or
// stops servers itself does so on embedded ones. With TEST_EVENTSTORE_URL and its like set, on those instead, and no Docker is needed.
const composed = {
  TEST_EVENTSTORE_URL: 'esdb://127.0.0.1:12113?tls=false',
  TEST_DATABASE_URL: 'postgres://xylolabs:for-tests-only@127.0.0.1:15432/xylolabs',
  TEST_NATS_URL: 'nats://127.0.0.1:14222',
  TEST_S3_ENDPOINT: 'http://127.0.0.1:19000',
  TEST_S3_ACCESS_KEY: 'xylolabs',
  TEST_S3_SECRET_KEY: 'for-tests-only',
}
const given = Object.keys(composed).filter((name) => process.env[name])
const missing = Object.keys(composed).filter((name) => !process.env[name])
if (given.length > 0 && missing.length > 0) {
  console.error(`${given.join(', ')} name other servers, and ${missing.join(', ')} are missing: all or none`)
  process.exit(1)
}
const env = { ...composed, ...process.env }

async function run(command, args) {
  const child = spawn(command, args, { stdio: 'inherit', env })
  const ended = once(child, 'close').catch((error) => {
    throw new Error(`${command} cannot be run (${error.code}): it is needed for docker-compose.test.yml`)
  })
  const [code] = await ended
  return code
}
const compose = (...args) => run('docker', ['compose', '-f', 'docker-compose.test.yml', ...args])

let code = 1
try {
  if (given.length === 0 && (await compose('up', '-d', '--wait')) !== 0) throw new Error('the servers did not start')
  env.EVENTSTORE_TEST_URL = env.TEST_EVENTSTORE_URL
  code = (await run('npm', ['run', '--silent', 'test:conformance'])) || (await run(process.execPath, ['spec/run.mjs']))
} catch (error) {
  console.error(error.message)
} finally {
  if (given.length === 0) await compose('down', '--volumes').catch(() => undefined)
}
process.exit(code)
