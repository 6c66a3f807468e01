import { lookup as ask, type LookupAddress, type LookupOptions } from 'node:dns'
import { BlockList, isIP, isIPv4 } from 'node:net'

/** The address of a server that we may not talk to, or one that is no address; the message says which, and is for people. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

/**
 * Where no server of ours is ever reached: what says "this host", link-local, multicast and broadcast addresses, and those under which clouds answer
 * questions about the machine. Loopback and private networks are none of them: servers live there.
 */
const refused = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
  // The metadata of Alibaba, Oracle and Azure, which are not link-local.
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
  ['168.63.129.16', 32],
] as const)
  refused.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::', 128],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  // The metadata of Amazon and Google.
  ['fd00:ec2::', 32],
  ['fd20:ce::', 32],
] as const)
  refused.addSubnet(network, prefix, 'ipv6')

/** Whether this IP address is one of those. */
export function isRefused(address: string): boolean {
  if (isIPv4(address)) return refused.check(address, 'ipv4')
  const plain = address.replace(/%.*$/, '')
  if (refused.check(plain, 'ipv6')) return true
  const inside = embedded(plain)
  return inside !== undefined && refused.check(inside, 'ipv4')
}

/** The IPv4 address that this IPv6 one stands for: mapped, compatible, of NAT64 or of 6to4. */
function embedded(address: string): string | undefined {
  const groups = groupsOf(address)
  const v4 = (at: number) =>
    [groups[at]! >> 8, groups[at]! & 255, groups[at + 1]! >> 8, groups[at + 1]! & 255].join('.')
  if (groups[0] === 0x2002) return v4(1)
  const isNat64 = groups[0] === 0x64 && groups[1] === 0xff9b
  const isLow = groups.slice(0, 5).every((group) => group === 0) && (groups[5] === 0 || groups[5] === 0xffff)
  // `::1` is loopback.
  return isNat64 || (isLow && groups[6] !== 0) ? v4(6) : undefined
}

function groupsOf(address: string): number[] {
  const [front = '', back] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const [before, behind] = [front, back ?? ''].map((half) => half.split(':').filter(Boolean)) as [string[], string[]]
  const gap = Array.from({ length: back === undefined ? 0 : 8 - before.length - behind.length }, () => '0')
  return [...before, ...gap, ...behind].map((group) => parseInt(group, 16))
}

const longest = 2000

/** `https://gpu-1.plant.example/triton/` → the same without the slash at its end. Throws AddressRefused. */
export function serverUrl(text: string): string {
  if (text.length > longest || !URL.canParse(text)) throw new AddressRefused('This is no URL')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new AddressRefused('A server is reached by http or https')
  if (url.username !== '' || url.password !== '')
    throw new AddressRefused('Credentials belong into the token, not into the URL')
  if (url.search !== '' || url.hash !== '') throw new AddressRefused('The URL of a server has no query and no fragment')
  if (url.hostname === '') throw new AddressRefused('The URL names no host')
  allowedHost(url)
  return url.href.replace(/\/+$/, '')
}

/** The host of a URL, which is a name, or an address that may be talked to. Throws AddressRefused. */
export function allowedHost({ hostname }: URL): string {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0 && isRefused(host)) throw refusal(host)
  return host
}

const refusal = (address: string) =>
  new AddressRefused(`${address} is a link-local, metadata or unspecified address, where no server may be`)

type Found = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/** `dns.lookup` for sockets: a name that has any such address is refused when it is connected to, whatever it had when it was looked at. */
export function guardedLookup(host: string, options: LookupOptions, found: Found): void {
  ask(host, { ...options, all: true }, (error, addresses) => {
    if (error) return found(error, [])
    const bad = addresses.find(({ address }) => isRefused(address))
    if (bad) return found(refusal(`${host} (${bad.address})`), [])
    if (options.all) return found(null, addresses)
    const [first] = addresses
    found(null, first!.address, first!.family)
  })
}

/** Throws AddressRefused where the name has such an address now; a name that nobody knows yet is looked at when it is connected to. */
export function resolvesWell(url: string, withinMs = 2000): Promise<void> {
  const host = allowedHost(new URL(url))
  if (isIP(host) !== 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, withinMs)
    guardedLookup(host, { all: true }, (error) => {
      clearTimeout(timer)
      if (error instanceof AddressRefused) reject(error)
      else resolve()
    })
  })
}
