import { Card, Group, Text, Title } from '@mantine/core'
import { useId } from 'react'
import type { Headed } from './Page.tsx'

/** A part of a page under a heading of its own. */
export function Section({ title, about, actions, children }: Headed) {
  const id = useId()
  return (
    <Card withBorder mb="md" component="section" aria-labelledby={id}>
      <Group justify="space-between" align="flex-start" mb="xs" gap="xs">
        <div>
          <Title order={2} size="h5" id={id}>
            {title}
          </Title>
          {about && (
            <Text size="sm" c="dimmed" component="div">
              {about}
            </Text>
          )}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Card>
  )
}
