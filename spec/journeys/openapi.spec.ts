import { expect } from 'chai'
import { apiOf } from '../api.ts'
import { contractOf, type Document, faultsOf } from '../openapi.ts'
import { type System, theSystem } from '../system.ts'

describe('the document of the whole API', () => {
  let system: System
  let document: Document
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    document = (await system.as({}).get('/api/openapi.json')).body
  })

  /** As Express has them, whoever mounted them. */
  const mounted = () =>
    system.app.router.stack.flatMap(({ route }) =>
      route ? route.stack.map(({ method }) => `${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`) : [],
    )

  it('has every route that is mounted, and no other', () => {
    const written = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    )
    expect(mounted()).to.have.lengthOf.above(30)
    expect(written).to.have.members(mounted())
  })

  it('has no fault that a linter finds', async () => expect(await faultsOf(document)).to.deep.equal([]))

  it('names the resources', () =>
    expect(document.components.schemas).to.include.keys('Facility', 'User', 'ApiKey', 'Device', 'Upload', 'Problem'))

  it('is what every answer in the specs is held against: a lie is found', async () => {
    const { check } = contractOf(document)
    const json = { mediaType: 'application/json' }
    const told = (status: number, body: unknown, mediaType = json.mediaType, path = '/health') => {
      try {
        check('GET', path, { status, body, mediaType })
      } catch (error) {
        return (error as Error).message.split('\n')[0]
      }
      return 'nothing'
    }
    expect(told(200, { status: 'ok' })).to.equal('nothing')
    expect(told(200, { status: 'fine' })).to.match(/against health.live: .*must be equal to constant/)
    expect(told(418, { status: 'ok' })).to.include('health.live names only 200')
    expect(told(200, 'ok', 'text/plain')).to.include('its media type is text/plain, not application/json')
    expect(told(200, {}, json.mediaType, '/api/v1/hidden')).to.include('no operation of the document')
    expect(told(404, {}, 'application/problem+json', '/api/v1/facilities/1')).to.match(/must have required property/)
    const { admin, url } = system
    const facility = document.paths['/api/v1/facilities/{id}']!['get']!
    const { '404': promised } = facility.responses
    expect(promised).to.be.an('object')
    expect((await admin.get('/api/v1/facilities/7')).status).to.equal(404)
    expect((await apiOf(url).get('/api/v1/facilities')).status).to.equal(401)
  })
})
