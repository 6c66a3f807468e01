import { Card, Group, Progress, SimpleGrid, Text } from '@mantine/core'
import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { count } from '@xylolabs/web-shared/words.ts'

type InFull = Schemas['RolloutInFull']

/** What has become of the devices that it has come to, as one bar. */
export function RolloutOutcome({ counts, fleet }: Pick<InFull, 'counts' | 'fleet'>) {
  const { installed = 0, failed = 0, rolled_back = 0 } = counts ?? {}
  const pending = fleet?.pending ?? 0
  const all = Math.max(1, installed + failed + rolled_back + pending)
  const parts = [
    ['Installed', installed, 'teal.8'],
    ['Failed', failed, 'red.8'],
    ['Rolled back', rolled_back, 'orange.9'],
    ['Not heard of yet', pending, 'gray.6'],
  ] as const
  return (
    <Card withBorder mb="md">
      <Progress.Root size={28} mb="sm">
        {parts
          .filter(([, devices]) => devices > 0)
          .map(([label, devices, color]) => (
            <Progress.Section
              key={label}
              value={(100 * devices) / all}
              color={color}
              aria-label={`${label}: ${devices}`}
            />
          ))}
      </Progress.Root>
      <SimpleGrid cols={{ base: 2, sm: 4 }}>
        {parts.map(([label, devices, color]) => (
          <Group key={label} gap="xs" wrap="nowrap">
            <span
              aria-hidden
              style={{
                width: 12,
                height: 12,
                borderRadius: 3,
                background: `var(--mantine-color-${color.replace('.', '-')})`,
              }}
            />
            <Text size="sm">
              {label}: <b>{count(devices)}</b>
            </Text>
          </Group>
        ))}
      </SimpleGrid>
    </Card>
  )
}
