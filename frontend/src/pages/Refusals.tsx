import { Button, Code, Group, TextInput } from '@mantine/core'
import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { spaced } from '@xylolabs/web-shared/words.ts'

export function Refusals() {
  const list = useList(['day', 'action', 'cursor'])
  const { page: _, sort: __, ...query } = list.query
  const found = useGet('/api/v1/audit/refusals', { query })
  const next = found.data?.next_cursor
  return (
    <Page title="Refusals" about="Who was turned away, and why">
      <Group align="flex-end" gap="sm">
        <TextInput
          type="date"
          label="Day"
          mb="md"
          value={list.value('day') ?? ''}
          onChange={({ currentTarget: { value } }) => list.set({ day: value || undefined, cursor: undefined })}
        />
        <Filters
          list={list}
          choices={[{ name: 'action', label: 'Kind', of: ['LoginRefused', 'AccessRefused', 'AccountThrottled'] }]}
        />
      </Group>
      <DataTable<Schemas['RefusalEntry']>
        label="Refusals"
        found={found}
        empty="Nobody was turned away on that day."
        columns={[
          { title: 'When', show: ({ at }) => <Time at={at} /> },
          { title: 'What', show: ({ action }) => <b>{spaced(action)}</b> },
          { title: 'Who', show: ({ actor }) => actor.name ?? spaced(actor.kind ?? 'unknown') },
          {
            title: 'Details',
            show: ({ data }) => (
              <Code>
                {Object.entries(data)
                  .filter(([name]) => !/_at$|address|account/.test(name))
                  .map(([name, value]) => `${name}: ${String(value)}`)
                  .join(', ')}
              </Code>
            ),
          },
        ]}
      />
      {next && (
        <Button mt="sm" variant="default" onClick={() => list.set({ cursor: next })}>
          Earlier ones
        </Button>
      )}
    </Page>
  )
}
