/** As a rollout that was halted by itself says why: see `haltReason`. */
const figures = /^[\d.]+ % of \d+ devices failed; the limit is [\d.]+$/

/** Why something ended, without what the devices of all facilities reported together: for who sees those of one. */
export const withoutFigures = <Reason>(reason: Reason): Reason | 'Too many devices failed' =>
  typeof reason === 'string' && figures.test(reason) ? 'Too many devices failed' : reason

/** The same of an event. */
export function withoutFleetFigures({ type, data }: { type: string; data: Record<string, unknown> }) {
  if (type !== 'FirmwareRolloutHalted') return data
  const { installed: _, failed: __, ...rest } = data
  return { ...rest, reason: withoutFigures(data['reason']) }
}
