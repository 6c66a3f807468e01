/** When it happened, by the event itself: its own `…_at`, and not one of what it is about. Undefined for somebody else's event. */
export function timeOf(data: Record<string, unknown>): string | undefined {
  for (const field in data)
    if (field.endsWith('_at') && field !== 'expires_at' && field !== 'recorded_at') return data[field] as string
  return undefined
}
