import { createHash } from 'node:crypto'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { v4 as uuid } from 'uuid'
import { afterthought, device, facility, recording, session, user } from './lives.ts'
import type { Chance, Happened, World } from './lives.ts'

/** An event as a command would hand it to the store, personal fields still open. */
export interface Generated {
  stream: string
  /** From 0, of this stream. */
  revision: number
  id: string
  type: string
  data: object
  metadata: Record<string, unknown>
}

/** How many lives go on at once: events of one stream lie that far apart. */
const livesAtOnce = 3000
const firstDay = Date.parse('2026-01-01T00:00:00Z')
/** Who is there before anything else happens, and what happens then: how many of a thousand new lives are which. */
const founded = { facilities: 20, users: 40, devices: 200 }
const share = [
  { life: facility, of1000: 1 },
  { life: user, of1000: 4 },
  { life: device, of1000: 10 },
  { life: session, of1000: 135 },
  { life: afterthought, of1000: 50 },
  { life: recording, of1000: 800 },
]

/**
 * A log as a fleet would write it: facilities, people, keys, devices, and above all recordings and their transcodes, their streams
 * interleaved. The same seed gives the same events, sealed fields and wrapped keys apart.
 * @param wrappedKey makes a key for one user, as the sealing of the installation does
 */
export function* generate(seed: number, count: number, wrappedKey: () => string): Generator<Generated, void> {
  const random = xoroshiro128plus(seed)
  let made = 0
  let time = firstDay
  const below = (limit: number) => uniformInt(random, 0, limit - 1)
  const chance: Chance = {
    below,
    wrappedKey,
    oneIn: (times) => below(times) === 0,
    now: () => new Date((time += 1 + below(2000))).toISOString(),
    id: () => uuid({ random: Uint8Array.from({ length: 16 }, () => below(256)) }),
    sha256: () => createHash('sha256').update(`${seed} ${made++}`).digest('hex'),
  }
  const world: World = { facilities: [], users: [], devices: [], uploads: [] }
  const revisions = new Map<string, number>()
  let written = 0
  const stored = ([stream, event]: Happened): Generated => {
    const revision = revisions.get(stream) ?? 0
    revisions.set(stream, revision + 1)
    written++
    const facility_id = world.facilities[below(world.facilities.length || 1)]
    const caused = { $correlationId: chance.id(), $causationId: chance.id(), command_hash: chance.sha256() }
    const metadata = { schema: 1, ...caused, actor: { kind: 'system', id: 'generator' }, facility_id }
    return { stream, revision, id: chance.id(), type: event.type, data: event.data, metadata }
  }

  const first = [
    ...Array.from({ length: founded.facilities }, () => facility),
    ...Array.from({ length: founded.users }, () => user),
    ...Array.from({ length: founded.devices }, () => device),
  ]
  for (const life of first)
    for (const happened of life(chance, world)) {
      if (written === count) return
      yield stored(happened)
    }

  const living = Array.from({ length: livesAtOnce }, () => born(below)(chance, world))
  while (written < count) {
    const which = below(livesAtOnce)
    const { value, done } = living[which]!.next()
    if (done) living[which] = born(below)(chance, world)
    else yield stored(value)
  }
}

function born(below: (limit: number) => number) {
  let at = below(1000)
  return share.find(({ of1000 }) => (at -= of1000) < 0)!.life
}
