/** Never shown to anyone, whatever the role. */
export const secrets: ReadonlySet<string> = new Set([
  'password_hash',
  'secret_sha256',
  'refresh_id',
  'wrapped',
  'object_key',
  'sealed_token',
])

/** JSON without the fields of these names, at any depth; null for what JSON cannot hold. */
export function withoutFields(value: unknown, hidden: ReadonlySet<string>): unknown {
  return JSON.parse(
    JSON.stringify(value, (field, inner: unknown) => (hidden.has(field) ? undefined : inner)) ?? 'null',
  ) as unknown
}
