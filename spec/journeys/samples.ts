type Schema = {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  minItems?: number
  minLength?: number
  minimum?: number
  format?: string
  pattern?: string
}

/**
 * A body that a JSON schema takes: what is required, with these values wherever a property has their name, and those of them that are `also` wanted.
 * @param document where its references lead
 */
export function sampleOf(
  { schema, document }: { schema: Schema; document: object },
  given: Readonly<Record<string, unknown>>,
  also: readonly string[] = [],
): unknown {
  const resolved = (one: Schema): Schema =>
    one.$ref
      ? resolved(
          one.$ref
            .slice(2)
            .split('/')
            .reduce<any>((inner, part) => inner[part], document),
        )
      : one
  function sample(unresolved: Schema, name = ''): unknown {
    const one = resolved(unresolved)
    if (name in given) return given[name]
    if (one.const !== undefined) return one.const
    if (one.enum) return one.enum[0]
    const choice = one.anyOf ?? one.oneOf ?? one.allOf
    if (choice) return sample(choice[0]!, name)
    switch ([one.type].flat()[0]) {
      case 'object': {
        const wanted = Object.entries(one.properties ?? {}).filter(
          ([property]) => one.required?.includes(property) || also.includes(property),
        )
        // Where nothing is required, a change needs at least one thing to change.
        const first = Object.entries(one.properties ?? {}).slice(0, 1)
        return Object.fromEntries(
          (wanted.length > 0 ? wanted : first).map(([property, inner]) => [property, sample(inner, property)]),
        )
      }
      case 'array':
        return Array.from({ length: Math.max(1, one.minItems ?? 1) }, () => sample(one.items ?? {}))
      case 'integer':
      case 'number':
        return Math.max(1, one.minimum ?? 1)
      case 'boolean':
        return true
      default:
        return text(one)
    }
  }
  return sample(schema)
}

function text({ format, minLength = 1, pattern }: Schema): string {
  if (format === 'uuid') return crypto.randomUUID()
  if (format === 'email') return `${crypto.randomUUID()}@example.test`
  if (format === 'date-time') return '2030-01-01T00:00:00.000Z'
  if (pattern?.includes('\\d')) return '1'
  return `s-${crypto.randomUUID()}`.padEnd(minLength, 'x').slice(0, Math.max(minLength, 20))
}
