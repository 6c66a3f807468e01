import { Text, Tooltip } from '@mantine/core'
import { useEffect, useState } from 'react'

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

export const absoluteTime = (time: string) => absolute.format(new Date(time))

function relativeTime(time: string, now = Date.now()): string {
  const secs = (Date.parse(time) - now) / 1000
  const [unit, size] = units.find(([, size]) => Math.abs(secs) >= size) ?? ['second', 1]
  return Math.abs(secs) < 5 ? 'just now' : relative.format(Math.round(secs / size), unit)
}

/** How long ago, kept right; when, for whoever points at it. */
export function Time({ at }: { at: string | null | undefined }) {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000)
    return () => clearInterval(timer)
  }, [])
  if (!at)
    return (
      <Text span inherit c="dimmed" aria-label="never">
        —
      </Text>
    )
  return (
    <Tooltip label={absoluteTime(at)} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={at} style={{ whiteSpace: 'nowrap' }}>
        {relativeTime(at, Math.max(now, Date.now()))}
      </time>
    </Tooltip>
  )
}
