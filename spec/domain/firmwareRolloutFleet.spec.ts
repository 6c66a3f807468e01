import { expect } from 'chai'
import type * as Device from '../../domain/device.ts'
import { bucketOf } from '../../domain/firmwareRollout.ts'
import { afterDevice, fleet, shareOf } from '../../domain/firmwareRolloutFleet.ts'

const at = '2026-11-24T09:00:00.000Z'
const ids = Array.from({ length: 1000 }, (_, n) => `d${n}`)
const early = ids.find((id) => bucketOf('o1', id) < 5)!
const late = ids.find((id) => bucketOf('o1', id) >= 90)!

const registered = (id: string, facility_id = 'f1', model = 'xs-1'): [string, Device.Event] => [
  id,
  { type: 'DeviceRegistered', data: { facility_id, name: id, serial: id, model, registered_at: at } },
]
const moved = (id: string, facility_id: string): [string, Device.Event] => [
  id,
  { type: 'DeviceMovedToFacility', data: { facility_id, moved_at: at } },
]
const decommissioned = (id: string): [string, Device.Event] => [
  id,
  { type: 'DeviceDecommissioned', data: { decommissioned_at: at } },
]

function isEmpty(
  happened: readonly [string, Device.Event][],
  { percent = 5, facility_id, covered = [] }: { percent?: number; facility_id?: string; covered?: string[] } = {},
) {
  const known = fleet()
  for (const one of happened) afterDevice(known, ...one)
  const scope = { device_model: 'xs-1', ...(facility_id !== undefined && { facility_id }) }
  return shareOf(known, scope, { rollout_id: 'o1', percent, from_percent: 0 }, () => new Set(covered)).isEmpty()
}

describe('the share of a rollout', () => {
  it('holds nobody until it comes to a device of its model', () => {
    expect(isEmpty([])).to.equal(true)
    expect(isEmpty([registered(early)])).to.equal(false)
    expect(isEmpty([registered(late)])).to.equal(true)
    expect(isEmpty([registered(late)], { percent: 100 })).to.equal(false)
    expect(isEmpty([registered(early, 'f1', 'xs-2')], { percent: 100 })).to.equal(true)
  })
  it('holds those of its facility, as long as they are there and in use', () => {
    expect(isEmpty([registered(early)], { facility_id: 'f1' })).to.equal(false)
    expect(isEmpty([registered(early)], { facility_id: 'f2' })).to.equal(true)
    expect(isEmpty([registered(early), moved(early, 'f2')], { facility_id: 'f1' })).to.equal(true)
    expect(isEmpty([registered(early), moved(early, 'f2')], { facility_id: 'f2' })).to.equal(false)
    expect(isEmpty([registered(early), decommissioned(early)])).to.equal(true)
    expect(isEmpty([registered(early), registered('x', 'f2'), decommissioned('x')])).to.equal(false)
  })
  it('of what is for every facility holds nobody of those that have something of their own', () => {
    expect(isEmpty([registered(early)], { covered: ['f1'] })).to.equal(true)
    expect(isEmpty([registered(early)], { covered: ['f2'] })).to.equal(false)
    expect(isEmpty([registered(early)], { facility_id: 'f1', covered: ['f1'] }), 'its own').to.equal(false)
  })
  it('says how many came with it, and counts no further than it is asked to', () => {
    const known = fleet()
    for (const id of ids) afterDevice(known, ...registered(id))
    const newcomers = (from_percent: number, percent: number, atMost = Infinity) =>
      shareOf(known, { device_model: 'xs-1' }, { rollout_id: 'o1', percent, from_percent }, () => new Set()).newcomers(
        atMost,
      )
    const first = newcomers(0, 5)
    expect(first).to.equal(ids.filter((id) => bucketOf('o1', id) < 5).length)
    expect(newcomers(5, 100)).to.equal(ids.length - first)
    expect(newcomers(5, 5)).to.equal(0)
    expect(newcomers(5, 100, 7)).to.equal(7)
  })
})
