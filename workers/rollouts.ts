import { setTimeout as delay } from 'node:timers/promises'
import { handle } from '../commands/handle.ts'
import { originOf, systemIntent } from '../commands/http.ts'
import { type Decision, splitStream } from '../domain/decider.ts'
import * as Device from '../domain/device.ts'
import * as DeviceFirmware from '../domain/deviceFirmware.ts'
import { decodeFrom, type DomainEvent } from '../domain/events.ts'
import * as FirmwareChannel from '../domain/firmwareChannel.ts'
import { nextPercent, type Rollout, type Tally, verdict } from '../domain/firmwareRollout.ts'
import { afterDevice, fleet, shareOf } from '../domain/firmwareRolloutFleet.ts'
import * as Steps from '../domain/firmwareRolloutSteps.ts'
import { afterReport, afterStep, haltReason, type Watch, watch } from '../domain/firmwareRolloutWatch.ts'
import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'
import { Problem } from '../ops/platform/route.ts'
import type { Log } from '../ops/platform/log.ts'

/** A channel of the log, as far as it was heard of. */
interface Watched extends Watch {
  id: string
  scope: FirmwareChannel.Scope
  revision: number
  /** What was heard last of it or of its rollout: whatever is decided now follows from that. */
  cause: Recorded
}

const types = [...Object.keys(FirmwareChannel.history), ...Object.keys(Device.history), 'FirmwareInstallReported']
/** The most that Node's timers can wait is less than a long dwell. */
const longestWaitMs = 86_400_000
const againMs = 1000

/**
 * Watches the open rollouts and halts, advances or completes them by what their devices report. All it knows comes from the log, from its first event on:
 * another instance, or this one after a restart, decides the same. It decides at the very revision that it has heard of, under an id that follows from
 * it: of several instances one is heard, and none that is behind.
 */
export async function runRollouts(options: {
  store: EventStore
  now: () => string
  log: Log
  signal: AbortSignal
}): Promise<void> {
  const { log, signal } = options
  for (let failures = 0; !signal.aborted;) {
    try {
      await watchOnce({ ...options, onProgress: () => (failures = 0) })
    } catch (error) {
      if (signal.aborted) return
      log.error({ error }, 'rollouts are not watched; they will be, from the beginning of the log')
      await delay(Math.min(100 * 2 ** failures++, 5000), undefined, { signal }).catch(() => undefined)
    }
  }
}

async function watchOnce(options: {
  store: EventStore
  now: () => string
  log: Log
  signal: AbortSignal
  onProgress: () => void
}): Promise<void> {
  const { store, now, log, signal, onProgress } = options
  const channels = new Map<string, Watched>()
  /** The open ones: by rollout, their channel. */
  const rolling = new Map<string, Watched>()
  const devices = fleet()
  let timer: NodeJS.Timeout | undefined
  let caughtUp = false
  let turn: Promise<void> = Promise.resolve()

  function apply(stored: Recorded) {
    const event = decoded(stored)
    const [category, id] = splitStream(stored.stream)
    if (category === FirmwareChannel.category) step(id, event as FirmwareChannel.Event, stored)
    else if (category === Device.category) afterDevice(devices, id, event as Device.Event)
    else if (category === DeviceFirmware.category && event.type === 'FirmwareInstallReported') {
      const channel = rolling.get(event.data.rollout_id ?? '')
      if (channel && afterReport(channel, id, event.data)) channel.cause = stored
    }
  }

  function step(id: string, event: FirmwareChannel.Event, stored: Recorded) {
    const { device_model, facility_id } = event.data
    const scope = { device_model, ...(facility_id !== undefined && { facility_id }) }
    const known: Watched = channels.get(id) ?? { ...watch(), id, scope, revision: -1, cause: stored }
    channels.set(id, known)
    const before = known.channel.rollout?.rollout_id
    afterStep(known, event)
    known.revision = stored.revision
    known.cause = stored
    const after = known.channel.rollout?.rollout_id
    if (before !== undefined && before !== after) rolling.delete(before)
    if (after !== undefined) rolling.set(after, known)
  }

  /** The facilities whose own channel of that model has something active. */
  function coveredIn({ device_model }: FirmwareChannel.Scope): Set<string> {
    const own = [...channels.values()].filter(
      ({ scope, channel }) => scope.device_model === device_model && channel.active,
    )
    return new Set(own.flatMap(({ scope: { facility_id } }) => facility_id ?? []))
  }

  /** One at a time; whatever fails is tried again soon. */
  function look(): Promise<void> {
    turn = turn.then(lookAtAll).catch((error: unknown) => {
      if (signal.aborted) return
      log.warn({ error }, 'a rollout could not be steered; it will be tried again')
      wakeIn(againMs)
    })
    return turn
  }

  async function lookAtAll() {
    clearTimeout(timer)
    const nowMs = Date.parse(now())
    for (const channel of [...rolling.values()]) {
      const { rollout } = channel.channel
      if (!rollout) continue
      const share = shareOf(devices, channel.scope, rollout, () => coveredIn(channel.scope))
      const told = verdict(rollout, channel.tally, nowMs, share)
      if (told !== 'wait') await carryOut(channel, rollout, told)
    }
    // What is due already waits for reports, or for devices that leave, and is looked at when they do.
    const waits = [...rolling.values()].flatMap(({ channel: { rollout } }) => dueIn(rollout, nowMs))
    if (waits.length > 0) wakeIn(Math.min(...waits))
  }

  function wakeIn(ms: number) {
    clearTimeout(timer)
    if (!signal.aborted) timer = setTimeout(() => void look(), Math.min(ms, longestWaitMs))
  }

  async function carryOut(channel: Watched, rollout: Rollout, told: 'halt' | 'advance' | 'complete') {
    const { id, scope, revision, cause, tally } = channel
    const target = { ...scope, rollout_id: rollout.rollout_id }
    const intent = {
      ...systemIntent('rollouts', rollout.rollout_id, told, String(revision)),
      ...of(cause, scope),
      expected_revision: revision,
    }
    try {
      await handle(store, FirmwareChannel, id, decisionOf(told, target, { rollout, tally, at: now() }), intent)
    } catch (error) {
      // It has moved on: whatever it was, it will be heard of.
      if (!(error instanceof Problem && error.code === 'revision_conflict')) throw error
    }
  }

  const onBroken = (error: Error) => log.warn({ error: error.message }, 'not hearing of rollouts')
  const onCaughtUp = () => {
    caughtUp = true
    onProgress()
    void look()
  }
  try {
    for await (const events of store.follow({ types, signal, onBroken, onCaughtUp })) {
      events.forEach(apply)
      if (caughtUp) await look()
    }
  } finally {
    clearTimeout(timer)
    await turn
    clearTimeout(timer)
  }
}

/** How long (ms) until the share of this rollout has been watched for long enough; nothing where that is not what it waits for. */
function dueIn(rollout: Rollout | undefined, nowMs: number): number[] {
  if (rollout?.status !== 'running' || rollout.advance === 'manual') return []
  const ms = Date.parse(rollout.step_since) + rollout.dwell_secs * 1000 - nowMs
  return ms > 0 ? [ms] : []
}

function decisionOf(
  told: 'halt' | 'advance' | 'complete',
  target: Steps.Rolling,
  { rollout, tally, at }: { rollout: Rollout; tally: Tally; at: string },
): Decision<FirmwareChannel.State, FirmwareChannel.Event> {
  switch (told) {
    case 'halt': {
      const { installed, counted: failed } = tally
      return Steps.halt(target, { reason: haltReason(rollout, tally), installed, failed, halted_at: at })
    }
    case 'advance': {
      const { percent: expected_percent } = rollout
      const percent = nextPercent(rollout) ?? 100
      return Steps.advance(target, { expected_percent, percent, advanced_at: at })
    }
    case 'complete':
      return Steps.complete(target, { completed_at: at })
  }
}

/** What follows from a device's report is of the request that brought it, but of the channel's facility. */
function of({ metadata }: Recorded, { facility_id }: FirmwareChannel.Scope) {
  const { facility_id: _, ...origin } = originOf(metadata)
  return { ...origin, ...(facility_id !== undefined && { facility_id }) }
}

/** Today's shape; what cannot be read stops the watching, which then says so until it is mended. */
function decoded(stored: Recorded): DomainEvent {
  if (stored.unreadable) throw stored.unreadable
  return decodeFrom({ ...stored, schema: stored.metadata['schema'] as number }) as DomainEvent
}
