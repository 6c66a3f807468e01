import { interleaved } from '../measure.ts'
import { askOver, requestBytes } from '../sockets.ts'
import { asksFor, type Context, imageOf } from './context.ts'

const check = '/api/v1/firmware/check'
const roundMs = 3000

export function checks(context: Context): Promise<void> {
  const { members } = context.fleet
  const requestsTo = (url: string) =>
    members.map(({ api_key, version }) =>
      requestBytes(url, ['GET', `${check}?current_version=${version}`], { 'X-API-Key': api_key }),
    )
  const what = `checks of ${members.length} devices, half of them behind`
  return measure(context, { id: 'ota.check', what, path: check, least: 3000, statuses: [200, 204], requestsTo })
}

export function notModified(context: Context): Promise<void> {
  const { members, release } = context.fleet
  const known = { 'If-None-Match': `"${release.sha256}"` }
  const requestsTo = (url: string) => members.map((one) => asksFor(url, release, one, known))
  const [what, path] = ['images that are had already (304)', imageOf(release)]
  return measure(context, { id: 'ota.notModified', what, path, least: 5000, statuses: [304], requestsTo })
}

interface Asking {
  id: string
  what: string
  path: string
  /** A second. */
  least: number
  statuses: readonly (200 | 204 | 304)[]
  /** One of each device. */
  requestsTo: (url: string) => readonly Buffer[]
}

/** Beside a bare express answer to the same; once of each device before, which is when its key is looked for. */
async function measure(
  { session, server, fleet, connections }: Context,
  { id, what, path, least, statuses, requestsTo }: Asking,
): Promise<void> {
  const { options, report, scratch } = session
  const bare = await scratch.start<{ url: string }>({ file: 'ops/bench/bareExpress.ts', args: ['GET', path] })
  const side = ({ url }: { url: string }, statuses: Asking['statuses']) => {
    const requests = requestsTo(url)
    return (limit: { ms: number } | { calls: number }) =>
      askOver(url, { connections, statuses, ...limit }, (n) => requests[n % requests.length]!)
  }
  const [ours, theirs] = [side(server.ready, statuses), side(bare.ready, [204])]
  await ours({ calls: fleet.members.length })
  const limit = { ms: roundMs }
  const rounds = await interleaved(options.rounds, { ours: () => ours(limit), bare: () => theirs(limit) })
  await bare.end()
  const values = (value: 'perSecond' | 'p99') => ({
    ours: rounds.ours.map((round) => round[value]),
    beside: { what: 'a bare express answer', values: rounds.bare.map((round) => round[value]) },
  })
  report.add({ id, what, unit: '/s', ...values('perSecond'), targets: [{ of: 'ours', least }] })
  report.add({ id: `${id}.p99`, what: 'until they are answered, p99', unit: 'ms', ...values('p99') })
  const refused = rounds.ours.reduce((sum, round) => sum + round.refused, 0)
  report.note(`${what}: ${connections} connections, ${refused} refused`)
}
