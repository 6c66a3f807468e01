import { expect } from 'chai'
import * as GpuServer from '../../domain/gpuServer.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(GpuServer)

const at = '2026-11-26T09:00:00.000Z'
const data = { name: 'one', url: 'http://10.0.0.9:8000', sealed_token: '', max_concurrency: 4, registered_at: at }
const registered: GpuServer.Event = { type: 'GpuServerRegistered', data }
const down: GpuServer.Event = { type: 'GpuServerWentDown', data: { reason: 'no answer', went_down_at: at } }
const recovered: GpuServer.Event = { type: 'GpuServerRecovered', data: { recovered_at: at } }
const enabled: GpuServer.Event = { type: 'GpuServerEnabled', data: { enabled_at: at } }
const disabled: GpuServer.Event = { type: 'GpuServerDisabled', data: { disabled_at: at } }
const removed: GpuServer.Event = { type: 'GpuServerRemoved', data: { removed_at: at } }
const observed = (...names: string[]): GpuServer.Event => ({
  type: 'GpuServerModelsObserved',
  data: { models: names.map((name) => ({ name })), observed_at: at },
})

describe('a GPU server', () => {
  const goDown = GpuServer.goDown({ reason: 'no answer', went_down_at: at })
  const recover = GpuServer.recover({ recovered_at: at })
  const observe = (...names: string[]) =>
    GpuServer.observeModels({ models: names.map((name) => ({ name })), observed_at: at })
  const enable = GpuServer.enable({ enabled_at: at })
  const disable = GpuServer.disable({ disabled_at: at })
  const remove = GpuServer.remove({ removed_at: at })
  const change = (settings: object) => GpuServer.change({ ...settings, changed_at: at })

  it('is registered once', () => given().when(GpuServer.register(data)).then(registered))
  it('is never registered again once removed', () => given(registered, removed).when(GpuServer.register(data)).then())
  it('is changed in what differs', () =>
    given(registered)
      .when(change({ name: 'one', max_concurrency: 8 }))
      .then({ type: 'GpuServerChanged', data: { max_concurrency: 8, changed_at: at } }))
  it('is not changed to what it is, which adds nothing', () =>
    given(registered)
      .when(change({ name: 'one' }))
      .then())
  it('is disabled once', () => given(registered).when(disable).then(disabled))
  it('is enabled again, once', () => given(registered, disabled).when(enable).then(enabled))
  it('is enabled from the first', () => given(registered).when(enable).then())
  it('goes down once, whatever more is wrong with it', () => {
    given(registered).when(goDown).then(down)
    given(registered, down)
      .when(GpuServer.goDown({ reason: 'it answered 500', went_down_at: at }))
      .then()
  })
  it('has no model ready while it is down', () =>
    expect(stateAfter(registered, observed('a'), down))
      .to.include({ health: 'down', reason: 'no answer' })
      .and.deep.include({
        models: [],
      }))
  it('recovers once, and then nothing is wrong with it', () => {
    given(registered, down).when(recover).then(recovered)
    expect(stateAfter(registered, down, recovered))
      .to.include({ health: 'up' })
      .and.not.to.have.property('reason')
  })
  it('is up only once it was seen to be', () => given(registered).when(recover).then(recovered))
  it('has the models that were observed, told when they change', () => {
    given(registered, observed('a')).when(observe('a', 'b')).then(observed('a', 'b'))
    given(registered, observed('a', 'b')).when(observe('a', 'b')).then()
  })
  describe('that somebody has looked at', () => {
    const url = data.url
    const models = [{ name: 'a' }]
    const up = GpuServer.observe({ found: { health: 'up', models }, url, at })
    const down_ = GpuServer.observe({ found: { health: 'down', reason: 'no answer' }, url, at })
    const moved: GpuServer.Event = { type: 'GpuServerChanged', data: { url: 'http://10.0.0.10:8000', changed_at: at } }

    it('is up, and has those models', () => given(registered).when(up).then(recovered, observed('a')))
    it('has those models from now on', () => given(registered, recovered, observed('b')).when(up).then(observed('a')))
    it('is as it was, which adds nothing', () => given(registered, recovered, observed('a')).when(up).then())
    it('is down', () => given(registered, recovered, observed('a')).when(down_).then(down))
    it('somewhere else, or that is gone or was never there, is not told anything of', () => {
      for (const decision of [up, down_]) {
        given(registered, moved).when(decision).then()
        given(registered, removed).when(decision).then()
        given().when(decision).then()
      }
    })
    it('is unknown again once it has moved', () => {
      expect(stateAfter(registered, recovered, observed('a'), moved))
        .to.deep.include({ health: 'unknown', models: [] })
        .and.not.have.property('health_since')
      expect(stateAfter(registered, down, moved)).not.to.have.property('reason')
    })
    it('says since when it is up or down', () => {
      expect(stateAfter(registered, recovered)).to.include({ health: 'up', health_since: at })
      expect(stateAfter(registered, down)).to.include({ health: 'down', health_since: at })
    })
  })
  it('is removed once', () => given(registered).when(remove).then(removed))
  for (const [what, decision] of Object.entries({
    change: change({ name: 'x' }),
    enable,
    disable,
    goDown,
    recover,
    observe: observe(),
  }))
    it(`${what}: not once it is removed`, () => given(registered, removed).when(decision).refused('gpu-server-unknown'))
  it('is removed only when there is one', () => given().when(remove).refused('gpu-server-unknown'))
})
