import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { programOf } from '../../ops/embedded/program.ts'
import { connectAlone } from '../../ops/platform/database.ts'
import type { BuildOrder } from '../../ops/roles/orderedBuild.ts'
import { eventually } from '../eventually.ts'
import { specLog } from '../system.ts'
import { projectionsUnderTest } from './underTest.ts'

describe('the process that builds', function () {
  this.timeout(30_000)
  const tested = projectionsUnderTest()
  const { rows, stateOf, today } = tested

  it('ends at once when it is told to, in the middle of a verification too, and leaves that to the next one', async () => {
    await today()
    const { DATABASE_URL, EVENTSTORE_URL, DATA_ENCRYPTION_KEY } = tested.connections.config
    await rows(`update projections p set state = 'verifying', position = g.position, expected = '{"rows":0,"checksum":"0"}'
                  from projection_groups g where p.name = 'facilities'`)
    const reader = await connectAlone(DATABASE_URL, () => undefined)
    await reader.query('begin; lock table facilities_v1 in access exclusive mode')
    const [program, ...args] = programOf('ops/roles/buildChild.ts')
    const child = spawn(program, args, { stdio: ['pipe', 'inherit', 'inherit'] })
    const order: BuildOrder = {
      databaseUrl: DATABASE_URL,
      eventStoreUrl: EVENTSTORE_URL,
      secret: DATA_ENCRYPTION_KEY,
      logLevel: specLog.level,
      versions: ['facilities@1'],
    }
    child.stdin.write(`${JSON.stringify(order)}\n`)
    const ended = once(child, 'exit')
    await eventually(async () =>
      expect(
        await rows(`select 1 from pg_locks where relation = 'facilities_v1'::regclass and not granted`),
      ).to.have.length(1),
    )
    const began = performance.now()
    child.kill('SIGTERM')
    await ended
    expect(performance.now() - began).to.be.lessThan(1000)
    expect((await stateOf('facilities', 1))!.state).to.equal('verifying')
    await reader.end()
  })
})
