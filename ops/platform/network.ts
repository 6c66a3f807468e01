import { isIPv6 } from 'node:net'

/**
 * What an address counts for where somebody is counted by it, in one spelling: who has one IPv6 address has all of its /64 (its first four groups);
 * an IPv4 address is itself, also where it is written as an IPv6 one.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  // The one spelling that a URL has for it: short, in lower case, without a zone.
  const short = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [front = '', back] = short.split('::')
  const [before, behind] = [front, back ?? ''].map((half) => half.split(':').filter(Boolean)) as [string[], string[]]
  const gap = back === undefined ? 0 : 8 - before.length - behind.length
  const groups = [...before, ...Array.from({ length: gap }, () => '0'), ...behind]
  return groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff' ? dotted(groups.slice(6)) : groups.slice(0, 4).join(':')
}

const dotted = (groups: string[]) =>
  groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]).join('.')
