import { expect } from 'chai'
import { embeddedInference } from '../embeddedInference.ts'
import { eventually } from '../eventually.ts'
import { speechInNoise } from '../speech.ts'
import { newFacility, type System, theSystem } from '../system.ts'

interface Segment {
  start_secs: number
  end_secs: number
  confidence: number
}

describe('from a recording of speech to where somebody speaks', function () {
  this.timeout(60_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let server: Awaited<ReturnType<typeof embeddedInference>>
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
    server = await embeddedInference(system)
  })
  after(() => server?.stop())

  it('nobody asks: a sensor sends it, the setting has the model listen, people of the facility read the segments', async () => {
    const { api } = facility.facilityAdmin
    const setting = `/api/v1/facilities/${facility.id}/settings/automatic_inference`
    expect((await api.put(setting, { value: { enabled: true, model: 'silero-vad' } })).status).to.equal(200)
    const { wav, spoken } = speechInNoise()
    const path = (await facility.sensor.upload(wav)).headers.get('Location')!

    const read = facility.user.api
    const results = await eventually(async () => {
      const { items } = (await read.get(`${path}/inference`)).body
      expect(items.map(({ model }: { model: string }) => model)).to.deep.equal(['silero-vad'])
      return items[0].results
    }, 30_000)
    expect(results).to.have.length(1)
    const segments: Segment[] = results[0].result.segments
    expect(segments).to.have.length(spoken.length)
    segments.forEach(({ start_secs, end_secs, confidence }, i) => {
      expect(start_secs).to.be.closeTo(spoken[i]![0], 0.3)
      expect(end_secs).to.be.closeTo(spoken[i]![1], 0.3)
      expect(confidence).to.be.within(0.8, 1)
    })

    const { body: job } = await read.get(`/api/v1/inference-jobs/${results[0].job_id}`)
    expect(job).to.deep.include({ status: 'succeeded', server_id: server.id, model_version: '6', diff: null })
    const [lineage] = (await read.get(`${path}/lineage`)).body.inferences
    expect(lineage).to.deep.include({ id: job.id, server_id: server.id, made: job.lineage })
    expect([lineage.requested_by.kind, lineage.because_of.type]).to.deep.equal(['system', 'UploadProbed'])
  })
})
