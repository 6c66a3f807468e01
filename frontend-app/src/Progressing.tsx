import { Group, Progress } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { progressKey } from '@xylolabs/web-shared/useLive.ts'

/** Where a recording stands; while it is transcoded, how far that is, where the server says so. */
export function Progressing({ id, status }: { id: string; status: string }) {
  const { data: done } = useQuery<number | null>({ queryKey: progressKey(id), queryFn: () => null, enabled: false })
  if (status !== 'transcoding' || typeof done !== 'number') return <Status of={status} />
  const percent = Math.round(100 * done)
  return (
    <Group gap="xs" wrap="nowrap">
      <Status of={status} />
      <Progress value={percent} w={80} aria-label={`${percent} percent`} />
    </Group>
  )
}
