import { api, answer, type Schemas } from './api/client.ts'

/**
 * The revision that a resource was read at, for If-Match: that of the last event of its own stream.
 * @param path such as `/api/v1/devices`
 */
export async function revisionOf(path: string, id: string): Promise<number | undefined> {
  const asked = (api.GET as unknown as (...args: unknown[]) => Promise<any>)(`${path}/{id}/history`, {
    params: { path: { id } },
  })
  const { items } = await answer<Schemas['History']>(asked)
  return items.filter(({ stream }) => stream.endsWith(`-${id}`)).at(-1)?.revision
}

export const ifMatch = (revision: number | undefined): Record<string, string> =>
  revision === undefined ? {} : { 'If-Match': `"${revision}"` }
