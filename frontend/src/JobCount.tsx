import { Card, Text } from '@mantine/core'
import { Time } from '@xylolabs/web-shared/times.tsx'
import type { List } from '@xylolabs/web-shared/useList.ts'
import { count, spaced } from '@xylolabs/web-shared/words.ts'
import { type JobPath, type states, useJobs } from './jobs.ts'

/** How many are in this state, the oldest of those that wait; a press narrows the list down to them. */
export function JobCount({
  path,
  status,
  narrowed,
  list,
}: {
  path: JobPath
  status: (typeof states)[number]
  narrowed: Record<string, string | undefined>
  list: List
}) {
  const { data } = useJobs(path, { ...narrowed, status, per_page: 1, sort: 'requested_at' })
  const isChosen = list.value('status') === status
  const oldest = status === 'queued' ? data?.items[0]?.requested_at : undefined
  return (
    <Card
      withBorder
      component="button"
      type="button"
      ta="left"
      c="inherit"
      aria-pressed={isChosen}
      style={{ cursor: 'pointer', ...(isChosen && { borderColor: 'currentColor' }) }}
      onClick={() => list.set({ status: isChosen ? undefined : status })}
    >
      <Text size="sm" c="dimmed" component="span">
        {spaced(status)}
      </Text>
      <Text fz={24} fw={700} component="span">
        {data ? count(data.total) : '…'}
      </Text>
      {oldest && (
        <Text size="xs" c="dimmed" component="span">
          The oldest: <Time at={oldest} />
        </Text>
      )}
    </Card>
  )
}
