import { expect } from 'chai'
import * as Facility from '../../domain/facility.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(Facility)

const at = '2026-11-24T09:00:00.000Z'
const data = { name: 'Incheon plant', code: 'ICN-1', timezone: 'Asia/Seoul', registered_at: at }
const registered: Facility.Event = { type: 'FacilityRegistered', data }
const renamed: Facility.Event = { type: 'FacilityRenamed', data: { name: 'Incheon works', renamed_at: at } }
const deactivated: Facility.Event = { type: 'FacilityDeactivated', data: { deactivated_at: at } }
const reactivated: Facility.Event = { type: 'FacilityReactivated', data: { reactivated_at: at } }

describe('a facility', () => {
  describe('is registered', () => {
    it('once', () => given().when(Facility.register(data)).then(registered))
    it('with nothing but a name and a code', () => {
      const bare = { name: 'Incheon plant', code: 'ICN-1', registered_at: at }
      given().when(Facility.register(bare)).then({ type: 'FacilityRegistered', data: bare })
    })
    it('again by whoever repeats it, which adds nothing', () =>
      given(registered, renamed)
        .when(Facility.register({ ...data, registered_at: '2026-11-25T09:00:00.000Z' }))
        .then())
    it('not over another one', () =>
      given(registered)
        .when(Facility.register({ ...data, code: 'ICN-2' }))
        .refused('facility-exists'))
  })

  describe('is changed', () => {
    it('in its name', () =>
      given(registered)
        .when(Facility.change({ name: 'Incheon works', at }))
        .then(renamed))
    it('in its time zone and address together', () =>
      given(registered)
        .when(Facility.change({ timezone: 'Asia/Tokyo', address: '1 Sea Road', at }))
        .then({
          type: 'FacilityDetailsChanged',
          data: { timezone: 'Asia/Tokyo', address: '1 Sea Road', changed_at: at },
        }))
    it('by two events when name and details differ', () =>
      given(registered)
        .when(Facility.change({ name: 'Incheon works', address: '1 Sea Road', at }))
        .then(renamed, { type: 'FacilityDetailsChanged', data: { address: '1 Sea Road', changed_at: at } }))
    it('in what differs and nothing else', () =>
      given(registered)
        .when(Facility.change({ name: 'Incheon plant', timezone: 'Asia/Seoul', address: '1 Sea Road', at }))
        .then({ type: 'FacilityDetailsChanged', data: { address: '1 Sea Road', changed_at: at } }))
    it('by no event when nothing differs', () =>
      given(registered)
        .when(Facility.change({ name: 'Incheon plant', timezone: 'Asia/Seoul', at }))
        .then())
    it('while deactivated, too', () =>
      given(registered, deactivated)
        .when(Facility.change({ name: 'Incheon works', at }))
        .then(renamed))
    it('only when there is one', () => given().when(Facility.change({ at })).refused('facility-unknown'))
  })

  describe('is deactivated', () => {
    const deactivate = Facility.deactivate({ deactivated_at: at })
    it('once', () => given(registered).when(deactivate).then(deactivated))
    it('again, which adds nothing', () => given(registered, deactivated).when(deactivate).then())
    it('after it was reactivated', () => given(registered, deactivated, reactivated).when(deactivate).then(deactivated))
    it('only when there is one', () => given().when(deactivate).refused('facility-unknown'))
  })

  describe('is reactivated', () => {
    const reactivate = Facility.reactivate({ reactivated_at: at })
    it('once', () => given(registered, deactivated).when(reactivate).then(reactivated))
    it('when it is active, which adds nothing', () => given(registered).when(reactivate).then())
    it('only when there is one', () => given().when(reactivate).refused('facility-unknown'))
  })

  it('may be added to while it is active, and not otherwise', () => {
    expect(Facility.active(stateAfter(registered))).to.include({ status: 'active', code: 'ICN-1' })
    expect(Facility.active(stateAfter(registered, deactivated, reactivated))).to.include({ status: 'active' })
    expect(() => Facility.active(stateAfter(registered, deactivated)))
      .to.throw('Facility ICN-1 is deactivated')
      .with.property('code', 'facility-inactive')
    expect(() => Facility.active(Facility.initial))
      .to.throw()
      .with.property('code', 'facility-unknown')
  })

  it('keeps what a change of details does not name', () => {
    const changed: Facility.Event = { type: 'FacilityDetailsChanged', data: { address: '1 Sea Road', changed_at: at } }
    expect(stateAfter(registered, changed)).to.deep.equal({
      ...{ status: 'active', deactivations: 0, ...data },
      address: '1 Sea Road',
    })
  })

  it('knows how often it was deactivated, also once it is active again', () =>
    expect(stateAfter(registered, deactivated, reactivated, deactivated, reactivated)).to.include({
      status: 'active',
      deactivations: 2,
    }))

  it('is nothing before it is registered', () =>
    expect(stateAfter(renamed, deactivated, reactivated)).to.deep.equal({ status: 'unknown' }))

  describe('is given up', () => {
    const abandoned: Facility.Event = { type: 'FacilityRegistrationAbandoned', data: { abandoned_at: at } }

    it('while it has not come', () =>
      given()
        .when(Facility.abandon({ abandoned_at: at }))
        .then(abandoned))
    it('not once it is there', () =>
      given(registered)
        .when(Facility.abandon({ abandoned_at: at }))
        .then())
    it('for ever: it can no longer be registered', () =>
      given(abandoned).when(Facility.register(data)).refused('registration-abandoned'))
    it('and is then as unknown as one that never was', () =>
      expect(() => Facility.known(stateAfter(abandoned))).to.throw(/^No such facility/))
  })
})
