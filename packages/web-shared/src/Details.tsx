import { Card, SimpleGrid, Text } from '@mantine/core'
import type { ReactNode } from 'react'

/** Names and values of one thing. */
export function Details({ of }: { of: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <Card withBorder mb="md">
      <SimpleGrid cols={{ base: 2, md: 4 }} component="dl" m={0}>
        {of.map(([name, value]) => (
          <div key={name}>
            <Text component="dt" size="xs" c="dimmed">
              {name}
            </Text>
            <Text component="dd" m={0} size="sm">
              {value ?? '—'}
            </Text>
          </div>
        ))}
      </SimpleGrid>
    </Card>
  )
}
