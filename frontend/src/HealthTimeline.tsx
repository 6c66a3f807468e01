import { Group, Skeleton, Text, Timeline } from '@mantine/core'
import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Section } from '@xylolabs/web-shared/Section.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { duration } from '@xylolabs/web-shared/words.ts'

type Item = Schemas['History']['items'][number]

interface Stretch {
  key: string
  health: string
  since: string
  /** Absent: up to now. */
  until?: string
  why: string
}

/** Why its health is as it is from this event on. */
function whyOf({ type, data, actor }: Item): string {
  if (type === 'GpuServerWentDown') return String(data['reason'])
  if (type === 'GpuServerRegistered') return 'Registered: nobody has looked at it yet'
  if (type === 'GpuServerChanged') return 'Another address: nobody has looked at it there yet'
  return actor.kind === 'user' ? 'It answered, when somebody had it checked' : 'It answers'
}

/** From when to when it was up or down, the newest first: of its events those that changed its health. */
function stretchesOf(items: readonly Item[]): Stretch[] {
  const found: Stretch[] = []
  for (const item of items) {
    const health = item.changes.find(({ field }) => field === 'health')?.after
    if (typeof health !== 'string') continue
    const last = found.at(-1)
    if (last) last.until = item.at
    found.push({ key: item.position, health, since: item.at, why: whyOf(item) })
  }
  return found.reverse()
}

export function HealthTimeline({ id }: { id: string }) {
  const { data, error, refetch } = useGet('/api/v1/gpu-servers/{id}/history', { path: { id } }, { changes: true })
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={120} />
  const stretches = stretchesOf(data.items)
  return (
    <Section title="Health">
      <Timeline bulletSize={14} lineWidth={2} active={stretches.length}>
        {stretches.map(({ key, health, since, until, why }) => (
          <Timeline.Item key={key} title={<Status of={health} />}>
            <Text size="sm">{why}</Text>
            <Group gap="xs">
              <Text size="xs" c="dimmed">
                <Time at={since} />
                {until ? `, for ${duration(Date.parse(until) - Date.parse(since))}` : ', up to now'}
              </Text>
            </Group>
          </Timeline.Item>
        ))}
      </Timeline>
    </Section>
  )
}
