import { expect } from 'chai'
import type { Row } from '../../../projections/engine/fold.ts'
import { resourceEvents } from '../../../projections/resourceEvents.ts'
import { resourceEventsV2 } from '../../../projections/retired/resourceEvents.v2.ts'
import { columns } from './columns.ts'
import { facility } from './facilities.ts'
import { channel, told } from './firmware.ts'
import { rolloutChannel, rolloutHalted } from './firmwareRollouts.ts'
import { at, type Event, fold, id } from './folding.ts'
import { inferenceRequested, listening } from './inferenceJobs.ts'
import { job, jobRequested } from './uploads.ts'

describe('resource_events', () => {
  const each = async (...events: Event[]) => (await fold(resourceEvents, events)).appended

  it('says which events belong to a resource', async () => {
    for (const category of ['facility', 'user', 'session', 'apiKey', 'device', 'upload', 'firmwareRelease']) {
      const stream = `${category}-${id(1)}`
      expect(await each([stream, 'Whatever', {}], [stream, 'Anything', {}])).to.deep.equal([
        { resource: category, id: id(1), position: '9007199254740993', stream, revision: 0 },
        { resource: category, id: id(1), position: '9007199254740994', stream, revision: 1 },
      ])
    }
  })
  it('gives a job’s events to its upload, too', async () => {
    const own = { position: '9007199254740993', stream: job, revision: 0 }
    expect(await each(jobRequested)).to.deep.equal([
      { resource: 'transcodeJob', id: id(7), ...own },
      { resource: 'upload', id: id(6), ...own },
    ])
    expect(await each(inferenceRequested)).to.deep.equal([
      { resource: 'inferenceJob', id: id(13), ...own, stream: listening },
      { resource: 'upload', id: id(6), ...own, stream: listening },
    ])
  })
  it('knew nothing of inference jobs in version 2', async () => {
    const { appended } = await fold(resourceEventsV2, [inferenceRequested, jobRequested])
    expect(appended).to.have.length(2)
  })
  it('gives what a channel did to the releases that it names, to each once', async () => {
    const own = { position: '9007199254740993', stream: channel, revision: 0 }
    const events = async (data: object) => (await each(told('FirmwareRolledBack', data))) as object[]
    expect(await events({ release_id: id(20), previous_release_id: id(21), rollout_release_id: id(25) })).to.deep.equal(
      [
        { resource: 'firmwareChannel', id: id(22), ...own },
        ...[id(20), id(21), id(25)].map((one) => ({ resource: 'firmwareRelease', id: one, ...own })),
      ],
    )
    expect(await events({ release_id: id(20), previous_release_id: id(20) })).to.have.lengthOf(2)
    expect(await events({ release_id: 'none of ours' })).to.have.lengthOf(1)
  })
  it('gives what is observed of a device’s firmware to the device', async () => {
    const stream = `deviceFirmware-${id(5)}`
    expect(await each([stream, 'FirmwareVersionObserved', { version: '1.2.0', observed_at: at }])).to.deep.equal([
      { resource: 'device', id: id(5), position: '9007199254740993', stream, revision: 0 },
    ])
  })
  it('gives a rollout what its channel says of it, and what that says of others to nobody', async () => {
    const place = `firmwareRollout-${id(21)}`
    expect(
      await each(
        [place, 'FirmwareRolloutPlaced', {}],
        rolloutHalted,
        [rolloutChannel, 'FirmwareActivated', { release_id: id(22) }],
        [rolloutChannel, 'FirmwareRolloutPaused', { rollout_id: 'x' }],
      ).then((rows) => (rows as Row[]).filter((row) => row['resource'] === 'firmwareRollout')),
    ).to.deep.equal([
      { resource: 'firmwareRollout', id: id(21), position: '9007199254740993', stream: place, revision: 0 },
      { resource: 'firmwareRollout', id: id(21), position: '9007199254740994', stream: rolloutChannel, revision: 1 },
    ])
  })
  it('leaves out what nobody can ask the history of', async () =>
    expect(
      await each(
        [`userKey-${id(2)}`, 'UserKeyCreated', { wrapped: 'w', created_at: at }],
        ['nameKey-system', 'NameKeyCreated', { wrapped: 'w', created_at: at }],
        ['reservation-userEmail.abc', 'NameReserved', { kind: 'userEmail', owner_id: id(2), reserved_at: at }],
        ['somebodyElse-1', 'SomethingHappened', {}],
        ['facility-not-an-id', 'FacilityRenamed', {}],
        ['nodash', 'SomethingHappened', {}],
      ),
    ).to.deep.equal([]))
  it('has the columns of its table', async () =>
    expect(Object.keys((await each(jobRequested))[0] as Row)).to.have.members(columns.get('resource_events_v2')!))
  it('goes on over an event that nobody can decode', async () =>
    expect(await each([facility, 'FacilityVanished', {}, { metadata: { schema: 9 } }])).to.have.lengthOf(1))
})
