import { expect } from 'chai'
import * as Device from '../../domain/device.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(Device)

const at = '2026-11-24T09:00:00.000Z'
const data = { facility_id: 'f1', name: 'Gate 3', serial: 'XL-0003', model: 'XS-2', registered_at: at }
const registered: Device.Event = { type: 'DeviceRegistered', data }
const renamed: Device.Event = { type: 'DeviceRenamed', data: { name: 'Gate 4', renamed_at: at } }
const moved: Device.Event = { type: 'DeviceMovedToFacility', data: { facility_id: 'f2', moved_at: at } }
const decommissioned: Device.Event = { type: 'DeviceDecommissioned', data: { decommissioned_at: at } }

describe('a device', () => {
  describe('is registered', () => {
    it('once', () => given().when(Device.register(data)).then(registered))
    it('again by whoever repeats it, which adds nothing', () =>
      given(registered, renamed)
        .when(Device.register({ ...data, registered_at: '2026-11-25T09:00:00.000Z' }))
        .then())
    it('not over another one', () =>
      given(registered)
        .when(Device.register({ ...data, serial: 'XL-0004' }))
        .refused('device-exists'))
  })

  describe('is renamed and moved', () => {
    const change = (wanted: { name?: string; facility_id?: string }) => Device.change({ ...wanted, at })
    const rename = change({ name: 'Gate 4' })
    const move = change({ facility_id: 'f2' })

    it('once', () => {
      given(registered).when(rename).then(renamed)
      given(registered).when(move).then(moved)
    })
    it('both at once', () =>
      given(registered)
        .when(change({ name: 'Gate 4', facility_id: 'f2' }))
        .then(renamed, moved))
    it('to what it has, which adds nothing', () => {
      given(registered, renamed).when(rename).then()
      given(registered, moved).when(move).then()
      given(registered).when(change({})).then()
    })
    it('and back again', () =>
      given(registered, moved)
        .when(change({ facility_id: 'f1' }))
        .then({ type: 'DeviceMovedToFacility', data: { facility_id: 'f1', moved_at: at } }))
    it('not once decommissioned, even to what it has', () => {
      for (const decision of [rename, move, change({})])
        given(registered, renamed, moved, decommissioned).when(decision).refused('device-decommissioned')
    })
    it('only when there is one', () => {
      for (const decision of [rename, move]) given().when(decision).refused('device-unknown')
    })
  })

  describe('is decommissioned', () => {
    const decommission = Device.decommission({ decommissioned_at: at })
    it('once', () => given(registered).when(decommission).then(decommissioned))
    it('again, which adds nothing', () => given(registered, decommissioned).when(decommission).then())
    it('only when there is one', () => given().when(decommission).refused('device-unknown'))
  })

  it('may be used while it is active, and not otherwise', () => {
    expect(Device.active(stateAfter(registered))).to.include({ serial: 'XL-0003' })
    expect(() => Device.active(stateAfter(registered, decommissioned)))
      .to.throw('Device XL-0003 is decommissioned')
      .with.property('code', 'device-decommissioned')
    expect(() => Device.active(Device.initial))
      .to.throw()
      .with.property('code', 'device-unknown')
  })

  it('is what its events say', () => {
    const state = { ...data, name: 'Gate 4', facility_id: 'f2' }
    expect(stateAfter(registered, renamed, moved)).to.deep.equal({ status: 'active', ...state })
    expect(stateAfter(registered, renamed, moved, decommissioned)).to.deep.equal({
      status: 'decommissioned',
      ...state,
    })
    expect(stateAfter(renamed, moved, decommissioned)).to.deep.equal({ status: 'unknown' })
  })

  describe('is given up', () => {
    const abandoned: Device.Event = { type: 'DeviceRegistrationAbandoned', data: { abandoned_at: at } }

    it('while it has not come', () =>
      given()
        .when(Device.abandon({ abandoned_at: at }))
        .then(abandoned))
    it('not once it is there', () =>
      given(registered)
        .when(Device.abandon({ abandoned_at: at }))
        .then())
    it('for ever: it can no longer be registered', () =>
      given(abandoned).when(Device.register(data)).refused('registration-abandoned'))
    it('and is then as unknown as one that never was', () =>
      expect(() => Device.known(stateAfter(abandoned))).to.throw(/^No such device/))
  })
})
