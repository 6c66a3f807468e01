import { randomUUID } from 'node:crypto'
import type { Document } from './openapi.ts'

type Schema = Record<string, any>

export interface Described {
  method: string
  template: string
  operation: Record<string, any>
}

/** Every operation of the document under `/api`. */
export const operationsOf = (document: Document): Described[] =>
  Object.entries(document.paths).flatMap(([template, operations]) =>
    template.startsWith('/api/')
      ? Object.entries(operations).map(([method, operation]) => ({
          method: method.toUpperCase(),
          template,
          operation: operation as unknown as Record<string, any>,
        }))
      : [],
  )

/** A path of this template, of something that there is not. */
export const pathOf = (template: string) =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => (/id$/.test(name) ? randomUUID() : 'transcode_bitrate'))

export const parametersIn = ({ operation }: Described, where: string): string[] =>
  ((operation['parameters'] ?? []) as { in: string; name: string }[])
    .filter((one) => one.in === where)
    .map(({ name }) => name)

export const bodyOf = ({ operation }: Described, mediaType = 'application/json'): Schema | undefined =>
  operation['requestBody']?.content?.[mediaType]?.schema

/** What no filter may be moved by: as values of query parameters. */
export const hostileQueries: Readonly<Record<string, string>> = {
  'SQL that ends a string': `' or '1'='1`,
  'SQL that ends a statement': `1'; drop table facilities_v1; --`,
  'SQL that unites': `x' union select password_hash from users --`,
  'SQL that waits': `1); select pg_sleep(5); --`,
  'a placeholder': '$1 ? ?? :id',
  'a NUL': 'a\0b',
  'lines of a header': 'x\r\nSet-Cookie: role=super_admin',
  'a pattern of everything': '%_\\%',
  'a look-alike': 'аdmin＠xylolabs.local',
  'a number without end': '9'.repeat(400),
  'a long text': 'x'.repeat(8000),
  'an expression': '{"$ne":null}',
  'a path': '../../../../etc/passwd',
}

/** What no field of a body may be, as JSON text. */
export const hostileValues: Readonly<Record<string, string>> = {
  'a NUL': '"a\\u0000b"',
  'lines of a header': '"x\\r\\nSet-Cookie: role=super_admin"',
  'half of a surrogate pair': '"\\ud800"',
  'an object that pollutes': '{"__proto__":{"role":"super_admin"}}',
  'a constructor that pollutes': '{"constructor":{"prototype":{"role":"super_admin"}}}',
  'arrays in arrays': `${'['.repeat(2000)}${']'.repeat(2000)}`,
  'an operator': '{"$gt":""}',
  'a number without end': '1e999',
  '200,000 characters': `"${'x'.repeat(200_000)}"`,
}
