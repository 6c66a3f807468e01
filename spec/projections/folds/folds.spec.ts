import { expect } from 'chai'
import { projections } from '../../../projections/all.ts'
import { foldRow } from '../../../projections/engine/fold.ts'
import { isAppendOnly, tableOf } from '../../../projections/engine/projection.ts'
import * as apiKeys from './apiKeys.ts'
import { columns } from './columns.ts'
import * as deviceFirmware from './deviceFirmware.ts'
import * as devices from './devices.ts'
import * as facilities from './facilities.ts'
import * as firmware from './firmware.ts'
import * as firmwareRolloutDevices from './firmwareRolloutDevices.ts'
import * as firmwareRollouts from './firmwareRollouts.ts'
import { recorded, rowsAfter, type Scenario } from './folding.ts'
import * as gpuServers from './gpuServers.ts'
import * as inferenceJobs from './inferenceJobs.ts'
import * as sessions from './sessions.ts'
import * as tags from './tags.ts'
import * as transcodeJobs from './transcodeJobs.ts'
import * as uploads from './uploads.ts'
import * as users from './users.ts'

const scenarios = [
  facilities,
  users,
  sessions,
  apiKeys,
  devices,
  firmware,
  uploads,
  tags,
  transcodeJobs,
  inferenceJobs,
  gpuServers,
  deviceFirmware,
  firmwareRollouts,
  firmwareRolloutDevices,
].flatMap((of) => of.scenarios)

const titleOf = ({ projection: { name }, promise }: Scenario) => `${name}: ${promise}`

describe('read models', () => {
  for (const scenario of scenarios)
    it(titleOf(scenario), async () => {
      const { projection, events, rows } = scenario
      const inOne = await rowsAfter(projection, events)
      const oneByOne = await rowsAfter(projection, ...events.map((event) => [event]))
      expect([...inOne.values()], 'in one batch').to.deep.equal(rows)
      expect([...oneByOne.values()], 'event by event').to.deep.equal(rows)
      for (const row of rows)
        expect(foldRow(projection, row.id, recorded(events)).at(-1)?.after, 'as history folds it').to.deep.equal(row)
    })

  for (const projection of projections) {
    if (isAppendOnly(projection)) continue
    const own = scenarios.filter((scenario) => scenario.projection === projection)
    it(`${projection.name}: has every fold shown above`, () => {
      const seen = new Set(own.flatMap(({ events }) => events.map(([, type]) => type)))
      expect([...seen]).to.include.members(Object.keys(projection.on))
    })
    it(`${projection.name}: fills the columns of its table, and has nothing that the table would lose`, async () => {
      for (const { events } of own)
        for (const row of (await rowsAfter(projection, events)).values())
          expect(Object.keys(row)).to.have.members(columns.get(tableOf(projection))!)
    })
  }

  it('have names and tables of their own', () => {
    expect(new Set(projections.map(({ name }) => name)).size).to.equal(projections.length)
    for (const projection of projections) expect(columns).to.include.keys(tableOf(projection))
  })
})
