import { z } from 'zod'
import * as GpuServer from '../domain/gpuServer.ts'
import { streamOf } from '../domain/decider.ts'
import { Id, line, Problem, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import { AddressRefused, resolvesWell, serverUrl } from '../ops/platform/serverAddress.ts'
import * as shapes from '../ops/platform/shapes/inference.ts'
import { derivedId, handle, load, type Outcome, replay } from './handle.ts'
import { answered, type Deps } from './http.ts'

const Url = line(2000).meta({
  description:
    'http or https, where `/v2` answers; no link-local, metadata or unspecified address. Loopback and private networks are allowed: that is where servers live',
})
/** What a header can hold. */
const Token = z
  .string()
  .max(4096)
  .regex(/^[\x21-\x7e]*$/, 'must be visible ASCII characters without spaces')
  .meta({ description: 'Sent as a bearer token, and never shown; empty: none' })

const Concurrency = z
  .int()
  .min(1)
  .max(1024)
  .meta({ description: 'How many requests a worker sends it at the same time' })

const Registration = z.strictObject({
  name: line(200),
  url: Url,
  token: Token.exactOptional(),
  max_concurrency: Concurrency,
})
const Change = z.strictObject({
  name: line(200).exactOptional(),
  url: Url.exactOptional(),
  token: Token.exactOptional(),
  max_concurrency: Concurrency.exactOptional(),
})

const path = '/api/v1/gpu-servers'

const shown = (id: string, state: GpuServer.State): z.infer<typeof shapes.GpuServer> => {
  const server = GpuServer.known(state)
  return {
    id,
    name: server.name,
    url: server.url,
    has_token: server.sealed_token !== '',
    max_concurrency: server.max_concurrency,
    status: server.status === 'enabled' ? 'enabled' : 'disabled',
    health: server.health,
    health_since: server.health_since ?? null,
    reason: server.reason ?? null,
    models: [...server.models],
    created_at: server.registered_at,
  }
}

/** The URL as it is kept; 400 for one that may not be asked, by what it says or by where its name leads now. */
async function allowed(url: string): Promise<string> {
  try {
    const kept = serverUrl(url)
    await resolvesWell(kept)
    return kept
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error
    throw new Problem('address_refused', error.message, { errors: [{ path: 'body.url', message: error.message }] })
  }
}

export interface Checked {
  found: GpuServer.Found
  latency_ms: number
}

export interface GpuServerDeps extends Deps {
  /** Looks at a server, a second time where it was up and is not: what both say is found. */
  look: (id: string, server: GpuServer.Server, signal: AbortSignal) => Promise<Checked>
}

export const gpuServers = ({ store, now, look }: GpuServerDeps): Route[] => {
  const { sealing } = store
  const sealed = (id: string, token: string) => (token === '' ? '' : sealing.sealSecret(streamOf(GpuServer, id), token))
  /** The same token is no change, though it would be sealed differently; one that cannot be opened any more is another. */
  function isSame(id: string, box: string, token: string): boolean {
    if (box === '' || token === '') return box === token
    try {
      return sealing.openSecret(streamOf(GpuServer, id), box) === token
    } catch {
      return false
    }
  }

  const created = (id: string, outcome: Outcome<GpuServer.State>) =>
    answered(201, outcome, shown(id, outcome.state), { Location: `${path}/${id}` })

  const answers = { 200: shapes.GpuServer, 404: ProblemDocument, 412: ProblemDocument }
  const steering = (verb: string, decide: () => ReturnType<typeof GpuServer.enable>) =>
    route<{ id: string }, {}, {}>({
      method: 'POST',
      path: `${path}/:id/${verb}`,
      permission: 'gpu-server:change',
      params: Id,
      body: z.strictObject({}),
      answers,
      run: async ({ params: { id }, intent }) => {
        const outcome = await handle(store, GpuServer, id, decide(), intent)
        return answered(200, outcome, shown(id, outcome.state))
      },
    })

  return [
    route<{}, {}, z.infer<typeof Registration>>({
      method: 'POST',
      path,
      permission: 'gpu-server:change',
      body: Registration,
      answers: { 201: shapes.GpuServer, 400: ProblemDocument, 409: ProblemDocument },
      run: async ({ body: { token = '', ...body }, intent }) => {
        const id = derivedId('gpu-server', intent.id)
        const done = await replay(store, GpuServer, id, intent)
        if (done) return created(id, done)
        const url = await allowed(body.url)
        const about = { ...body, url, sealed_token: sealed(id, token), registered_at: now() }
        return created(id, await handle(store, GpuServer, id, GpuServer.register(about), intent))
      },
    }),
    route<{ id: string }, {}, z.infer<typeof Change>>({
      method: 'PATCH',
      path: `${path}/:id`,
      permission: 'gpu-server:change',
      params: Id,
      body: Change,
      answers: { ...answers, 400: ProblemDocument, 409: ProblemDocument },
      run: async ({ params: { id }, body: { token, url: wanted, ...body }, intent }) => {
        const url = wanted === undefined ? undefined : await allowed(wanted)
        const outcome = await handle(
          store,
          GpuServer,
          id,
          (state) => {
            const server = GpuServer.known(state)
            // It was meant for where it was sent to, and is written down nowhere for whoever names another place.
            const isElsewhere = url !== undefined && new URL(url).origin !== new URL(server.url).origin
            if (isElsewhere && server.sealed_token !== '' && token === undefined)
              throw new Problem('invalid_request', 'The body is not as expected', {
                errors: [{ path: 'body.token', message: 'must be given again for another address; "" for none' }],
              })
            const isNew = token !== undefined && !isSame(id, server.sealed_token, token)
            const more = { ...(url !== undefined && { url }), ...(isNew && { sealed_token: sealed(id, token) }) }
            return GpuServer.change({ ...body, ...more, changed_at: now() })(state)
          },
          intent,
        )
        return answered(200, outcome, shown(id, outcome.state))
      },
    }),
    route<{ id: string }>({
      method: 'DELETE',
      path: `${path}/:id`,
      permission: 'gpu-server:change',
      params: Id,
      answers: { 204: z.null(), 404: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id }, intent }) =>
        answered(204, await handle(store, GpuServer, id, GpuServer.remove({ removed_at: now() }), intent)),
    }),
    steering('enable', () => GpuServer.enable({ enabled_at: now() })),
    steering('disable', () => GpuServer.disable({ disabled_at: now() })),
    route<{ id: string }, {}, {}>({
      method: 'POST',
      path: `${path}/:id/check`,
      permission: 'gpu-server:change',
      params: Id,
      body: z.strictObject({}),
      answers: { 200: shapes.GpuServerCheck, 404: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id }, intent, signal }) => {
        const server = GpuServer.known((await load(store, GpuServer, id)).state)
        const { found, latency_ms } = await look(id, server, signal)
        const observed = GpuServer.observe({ found, url: server.url, at: now() })
        const outcome = await handle(store, GpuServer, id, observed, intent)
        const isUp = found.health === 'up'
        return answered(200, outcome, {
          server: shown(id, outcome.state),
          found: {
            health: found.health,
            reason: isUp ? null : found.reason,
            models: isUp ? found.models : [],
            latency_ms,
          },
        })
      },
    }),
  ]
}
