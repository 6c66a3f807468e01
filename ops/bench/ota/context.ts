import type { Config } from '../../platform/config.ts'
import type { Session } from '../bench.ts'
import type { Child } from '../scratch.ts'
import type { Ready } from '../serve.ts'
import { requestBytes } from '../sockets.ts'
import type { Fleet } from './fleet.ts'

export interface Context {
  session: Session
  server: Child<Ready>
  fleet: Fleet
  config: Config
  /** At once, for what is small. */
  connections: number
}

export const imageOf = ({ id }: Fleet['release']) => `/api/v1/firmware/${id}/image`

/** The bytes of a device's request for the image. */
export const asksFor = (url: string, release: Fleet['release'], { api_key }: Fleet['members'][number], more = {}) =>
  requestBytes(url, ['GET', imageOf(release)], { 'X-API-Key': api_key, ...more })
