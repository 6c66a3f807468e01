import { Group, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'

/** What stands under a heading. */
export interface Headed {
  title: string
  about?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

/** A page of the shell: its title is the tab's as well. */
export function Page({ title, about, actions, children }: Headed) {
  useEffect(() => {
    document.title = `${title} · Xylolabs`
  }, [title])
  return (
    <Stack gap={0} maw={1280} mx="auto">
      <Group justify="space-between" mb="md" align="flex-start">
        <div>
          <Title order={1} size="h2">
            {title}
          </Title>
          {about && (
            <Text c="dimmed" size="sm" component="div">
              {about}
            </Text>
          )}
        </div>
        <Group gap="xs">{actions}</Group>
      </Group>
      {children}
    </Stack>
  )
}
