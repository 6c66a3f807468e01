import { Client } from 'minio'
import type { Config } from '../platform/config.ts'
import { objectsIn } from '../roles/connections.ts'

/** Where anybody can get the object for a while, or put it. */
export function signedUrl(config: Config, method: 'GET' | 'PUT', key: string): Promise<string> {
  const { endpoint, region, pathStyle, accessKey, secretKey, bucket } = objectsIn(config)
  const { hostname: endPoint, port, protocol } = new URL(endpoint)
  const useSSL = protocol === 'https:'
  const client = new Client({ endPoint, port: Number(port), useSSL, region, pathStyle, accessKey, secretKey })
  return client.presignedUrl(method, bucket, key, 3600)
}
