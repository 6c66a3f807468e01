import { expect } from 'chai'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mediansIn } from '../../ops/bench/scale.ts'
import { adviceOf, type Fleet, growthOf, loadsOf } from '../../ops/bench/scaling.ts'

describe('what a fleet costs', () => {
  const fleet: Fleet = { devices: 100, uploads: 24, seconds: 60, megabytes: 11, checks: 24, heartbeats: 1440 }
  const medians = new Map([
    ['upload.many', 110],
    ['transcode.all', 2000],
    ['job.throughput', 1000],
    ['replay.bulk.100000', 20_000],
    ['ota.check', 3000],
    ['heartbeat.rate', 5000],
  ])
  const loadOf = (one: Fleet, work: RegExp) => loadsOf(one, medians).loads.find((load) => work.test(load.work))!

  it('is what was measured, by what comes to it at the peak', () => {
    const transcoded = loadOf(fleet, /transcoded/)
    expect(transcoded.costMs).to.equal(2000)
    expect(transcoded.perSecond).to.be.closeTo((3 * 100 * 24) / 86_400, 1e-9)
    expect(transcoded.machines).to.be.closeTo(2 * transcoded.perSecond, 1e-9)
    expect(loadOf({ ...fleet, seconds: 30 }, /transcoded/).costMs).to.equal(1000)
    expect(loadOf(fleet, /stored/).costMs).to.equal(100)
    expect(loadOf(fleet, /folded/).perSecond).to.be.closeTo(6 * transcoded.perSecond, 1e-9)
    expect(growthOf(fleet)).to.deep.equal({ gigabytes: 26.4, events: 14_400, rows: 43_200 })
  })

  it('goes with the devices, and is as much more advice', () => {
    const advice = (factor: number) => adviceOf(loadsOf({ ...fleet, devices: factor * fleet.devices }, medians).loads)
    expect(loadOf({ ...fleet, devices: 1000 }, /check/).machines).to.be.closeTo(
      10 * loadOf(fleet, /check/).machines,
      1e-9,
    )
    expect(advice(1)).to.have.length(1)
    expect(advice(1)[0]).to.include('one machine')
    expect(advice(10)[0]).to.include('split the roles')
    expect(advice(10).join('\n')).to.include('more `workers`').and.not.include('one leader')
    expect(advice(100_000).join('\n')).to.include('one leader folds all')
  })

  it('names what was not measured, and leaves it out', () => {
    const { loads, unknown } = loadsOf(fleet, new Map([['ota.check', 3000]]))
    expect(loads.map(({ figure }) => figure)).to.deep.equal(['ota.check'])
    expect(unknown).to.include.members(['upload.many', 'transcode.all'])
  })

  it('is read from what benches wrote, however long their recording was', () => {
    const folder = mkdtempSync(join(tmpdir(), 'scaling-'))
    try {
      const file = join(folder, 'transcode.json')
      const figures = [{ id: 'transcode.all', ours: { low: 1, median: 500, high: 900 } }]
      writeFileSync(
        file,
        JSON.stringify({ bench: 'transcode', machine: '2 × this', options: { seconds: 15 }, figures }),
      )
      const { medians, machines } = mediansIn([file])
      expect([...medians]).to.deep.equal([['transcode.all', 2000]])
      expect([...machines]).to.deep.equal(['2 × this'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
