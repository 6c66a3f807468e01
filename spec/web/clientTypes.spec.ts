import { expect } from 'chai'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import openapiTS, { astToString } from 'openapi-typescript'
import { root } from '../../ops/platform/root.ts'
import { theSystem } from '../system.ts'

const file = join(root, 'packages/web-shared/src/api/schema.ts')

/** What the dashboards know of the API, made of the document that the server gives of itself. */
async function typesOf(document: object): Promise<string> {
  const types = await openapiTS(document as Parameters<typeof openapiTS>[0], { alphabetize: true })
  return `// Made by \`npm run web:api\` of /api/openapi.json: change the routes instead.\n${astToString(types)}`
}

describe('the types of the dashboards’ client', () => {
  it('are those of the API of now: npm run web:api', async function () {
    this.timeout(60_000)
    const system = await theSystem()
    const made = await typesOf((await system.as({}).get('/api/openapi.json')).body)
    if (process.env['WEB_API'] === 'write') writeFileSync(file, made)
    expect(readFileSync(file, 'utf8') === made, 'what is checked in is stale: npm run web:api').to.equal(true)
  })
})
