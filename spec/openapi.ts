import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

interface Operation {
  operationId: string
  responses: Record<string, Promised | { $ref: string }>
}

interface Promised {
  content?: Record<string, unknown>
}

export interface Document {
  components: { schemas: object; responses: Record<string, Promised> }
  paths: Record<string, Record<string, Operation>>
}

/** Checks answers against the document that the server gives of itself. */
export interface Contract {
  document: Document
  /** Throws, in words, where the document promises something else of this method and path. */
  check(method: string, path: string, answer: { status: number; mediaType: string; body: unknown }): void
}

const id = 'document'

export function contractOf(document: Document): Contract {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true })
  ;(addFormats as unknown as (to: Ajv2020) => void)(ajv)
  ajv.addSchema(document, id)
  const templates = Object.keys(document.paths).map((template) => ({
    template,
    // What is fixed comes before what is named: `/devices/heartbeat` is no device.
    variables: template.split('{').length,
    pattern: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  }))
  templates.sort((one, other) => one.variables - other.variables)
  const compiled = new Map<string, ValidateFunction>()

  function validatorOf(pointer: string): ValidateFunction {
    let validate = compiled.get(pointer)
    if (!validate) compiled.set(pointer, (validate = ajv.compile({ $ref: `${id}#${pointer}` })))
    return validate
  }

  function check(method: string, path: string, answer: { status: number; mediaType: string; body: unknown }) {
    const asked = path.split('?', 1)[0]!
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase()
    const fits = templates.filter(({ pattern }) => pattern.test(asked)).map(({ template }) => template)
    const template = fits.find((one) => document.paths[one]?.[verb])
    const lie = (what: string) =>
      new Error(`${method} ${asked} answered ${answer.status}: ${what}\n${JSON.stringify(answer.body)?.slice(0, 2000)}`)
    if (template === undefined) {
      if (answer.status < 400 && asked.startsWith('/api/'))
        throw lie('no operation of the document has this method and path')
      return
    }
    const operation = document.paths[template]![verb]!
    const entry = operation.responses[answer.status]
    const promised = entry && '$ref' in entry ? document.components.responses[entry.$ref.split('/').at(-1)!] : entry
    if (!entry || !promised)
      throw lie(`${operation.operationId} names only ${Object.keys(operation.responses).join(', ')}`)
    if (method === 'HEAD') return
    const mediaTypes = Object.keys(promised.content ?? {})
    const fitting = mediaTypes.find((one) =>
      one.endsWith('/*') ? answer.mediaType.startsWith(one.slice(0, -1)) : one === answer.mediaType,
    )
    if (fitting === undefined) {
      if (mediaTypes.length > 0 || answer.mediaType !== '')
        throw lie(`its media type is ${answer.mediaType || 'missing'}, not ${mediaTypes.join(' or ') || 'missing'}`)
      return
    }
    if (!/\bjson$/.test(fitting)) return
    const escaped = [template, fitting].map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))
    const own = `/paths/${escaped[0]}/${verb}/responses/${answer.status}`
    const pointer = '$ref' in entry ? entry.$ref.slice(1) : own
    const validate = validatorOf(encodeURI(`${pointer}/content/${escaped[1]}/schema`))
    if (!validate(answer.body)) throw lie(`against ${operation.operationId}: ${ajv.errorsText(validate.errors)}`)
  }

  return { document, check }
}

const contracts = new Map<string, Promise<Contract | undefined>>()

/** What the server at this address says of itself; undefined for one that says nothing, such as a few routes alone or metrics. */
export async function contractAt(url: string): Promise<Contract | undefined> {
  let contract = contracts.get(url)
  if (!contract) contracts.set(url, (contract = ask(url)))
  try {
    return await contract
  } catch {
    // It is away, or still starting: whoever comes next asks again.
    contracts.delete(url)
    return undefined
  }
}

async function ask(url: string): Promise<Contract | undefined> {
  const response = await fetch(`${url}/api/openapi.json`)
  if (response.status === 404) return undefined
  if (!response.ok) throw new Error(`no document yet: ${response.status}`)
  return contractOf((await response.json()) as Document)
}

/**
 * What Redocly's recommended rules find, in words. Health refuses nobody: it alone has no 4xx. An id is a UUID, so that `/firmware/{id}/image` and
 * `/firmware/rollouts/{id}` are never the same.
 */
export async function faultsOf(document: object): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended'], rules: { 'no-ambiguous-paths': 'off' } })
  const problems = await lintFromString({ source: JSON.stringify(document), config })
  return problems
    .map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`)
    .filter((fault) => !/^operation-4xx-response #\/paths\/~1health\b/.test(fault))
}
