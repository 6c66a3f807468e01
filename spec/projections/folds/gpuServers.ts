import { gpuServers } from '../../../projections/gpuServers.ts'
import { at, type Event, id, later, promiseIn, type Scenario } from './folding.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

const gpu = `gpuServer-${id(12)}`
const gpuGiven = { name: 'one', url: 'http://10.0.0.9:8000', max_concurrency: 4 }
const gpuRegistered: Event = [gpu, 'GpuServerRegistered', { ...gpuGiven, sealed_token: 'box', registered_at: at }]
const gpuUp: Event[] = [
  [gpu, 'GpuServerRecovered', { recovered_at: later }],
  [gpu, 'GpuServerModelsObserved', { models: [{ name: 'silero-vad', version: '6' }], observed_at: later }],
]
const gpuDown: Event = [gpu, 'GpuServerWentDown', { reason: 'Nothing listens there', went_down_at: later }]
const gpuRow = {
  id: id(12),
  ...gpuGiven,
  has_token: true,
  status: 'enabled',
  health: 'unknown',
  health_since: null,
  reason: null,
  models: [],
  created_at: at,
}
const gpuUpRow = {
  ...gpuRow,
  health: 'up',
  health_since: later,
  models: [{ name: 'silero-vad', version: '6' }],
}
const gpuDownRow = { ...gpuRow, health: 'down', health_since: later, reason: 'Nothing listens there' }
const gpuChanged = (data: object): Event => [gpu, 'GpuServerChanged', { ...data, changed_at: later }]
promise(gpuServers, 'shows one that nobody has looked at, and nothing of its token', [gpuRegistered], gpuRow)
promise(gpuServers, 'shows one that is up, and its models', [gpuRegistered, ...gpuUp], gpuUpRow)
promise(gpuServers, 'shows why one is down, without models', [gpuRegistered, ...gpuUp, gpuDown], gpuDownRow)
promise(gpuServers, 'shows no reason once it is up again', [gpuRegistered, gpuDown, ...gpuUp], gpuUpRow)
promise(gpuServers, 'knows nothing of one that moved', [gpuRegistered, ...gpuUp, gpuChanged({ url: 'http://b' })], {
  ...gpuRow,
  url: 'http://b',
})
promise(gpuServers, 'knows as much of one that was renamed', [gpuRegistered, ...gpuUp, gpuChanged({ name: 'two' })], {
  ...gpuUpRow,
  name: 'two',
})
promise(gpuServers, 'shows that it has no token any more', [gpuRegistered, gpuChanged({ sealed_token: '' })], {
  ...gpuRow,
  has_token: false,
})
promise(gpuServers, 'shows that it is disabled', [gpuRegistered, [gpu, 'GpuServerDisabled', { disabled_at: later }]], {
  ...gpuRow,
  status: 'disabled',
})
promise(
  gpuServers,
  'shows that it is enabled',
  [gpuRegistered, [gpu, 'GpuServerDisabled', { disabled_at: later }], [gpu, 'GpuServerEnabled', { enabled_at: later }]],
  gpuRow,
)
promise(gpuServers, 'shows that it was removed', [gpuRegistered, [gpu, 'GpuServerRemoved', { removed_at: later }]], {
  ...gpuRow,
  status: 'removed',
})
