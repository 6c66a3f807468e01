import { makeWorkerUtils, run } from 'graphile-worker'
import express from 'express'

// graphile-worker on its own database. `graphile.mjs URL SLOTS`: /throughput?jobs=&askers= → {perSecond}; /latency?jobs= → {ms: [one a job]}.
const [connectionString, slots] = [process.argv[2], Number(process.argv[3])]
const logger = { error: console.error, warn: () => {}, info: () => {}, debug: () => {}, scope: () => logger }
const started = new Map()
const noop = async ({ id }) => started.get(id)(performance.now())
const options = { connectionString, noHandleSignals: true, logger, maxPoolSize: 20 }
const utils = await makeWorkerUtils(options)
await utils.migrate()
await run({ ...options, concurrency: slots, taskList: { noop } })

let last = 0
async function ask() {
  const id = ++last
  const start = new Promise((resolve) => started.set(id, resolve))
  await utils.addJob('noop', { id })
  return start
}

async function throughput({ jobs, askers }) {
  const began = performance.now()
  const starts = []
  const asker = async () => {
    while (starts.length < jobs) {
      let tell
      starts.push(new Promise((resolve) => (tell = resolve)))
      const id = ++last
      started.set(id, tell)
      await utils.addJob('noop', { id })
    }
  }
  await Promise.all(Array.from({ length: askers }, asker))
  await Promise.all(starts)
  return { perSecond: (jobs / (performance.now() - began)) * 1000 }
}

async function latency({ jobs }) {
  const ms = []
  for (let i = 0; i < jobs; i++) {
    const asked = performance.now()
    ms.push((await ask()) - asked)
  }
  return { ms }
}

const numbers = ({ query }) => Object.fromEntries(Object.entries(query).map(([name, text]) => [name, Number(text)]))
const app = express()
app.get('/throughput', async (request, response) => response.json(await throughput(numbers(request))))
app.get('/latency', async (request, response) => response.json(await latency(numbers(request))))
const server = app.listen(0, '127.0.0.1', () =>
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })),
)
process.once('SIGTERM', () => process.exit(0))
