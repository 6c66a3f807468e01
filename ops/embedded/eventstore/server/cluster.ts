import { frame } from '../wire/call.ts'
import type { Call } from '../wire/call.ts'
import { ClusterInfo, SupportedMethods } from '../wire/messages.ts'

const LEADER = 8

/** ServerFeatures/GetSupportedMethods: the client uses BatchAppend if it is listed. */
export async function supportedMethods(
  call: Call,
  routes: Iterable<[path: string, { features?: readonly string[] }]>,
  version: string,
): Promise<void> {
  const methods = Array.from(routes, ([path, { features = [] }]) => {
    const [, serviceName = '', methodName = ''] = path.toLowerCase().split('/')
    return { serviceName, methodName, features: [...features] }
  })
  await call.send(frame(SupportedMethods, { methods, serverVersion: version }))
}

/** Gossip/Read: this server alone, at the address by which the client found it. */
export async function clusterInfo(call: Call, instanceId: string): Promise<void> {
  const { hostname, port } = new URL(`http://${call.authority}`)
  const member = {
    instanceId: { string: instanceId },
    timeStamp: BigInt(Date.now()) * 10_000n,
    state: LEADER,
    isAlive: true,
    httpEndPoint: { address: hostname.replace(/^\[|\]$/g, ''), port: Number(port) },
  }
  await call.send(frame(ClusterInfo, { members: [member] }))
}
