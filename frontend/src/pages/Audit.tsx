import { Button, Code, Group, Menu, Modal, TextInput } from '@mantine/core'
import { download, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { spaced } from '@xylolabs/web-shared/words.ts'
import { useState } from 'react'
import { TextFilter } from '../TextFilter.tsx'

type Entry = Schemas['AuditEntry']
const filters = ['actor', 'action', 'resource', 'facility_id', 'from', 'to']

export function Audit() {
  const list = useList(filters)
  const found = useGet('/api/v1/audit', { query: list.query }, { changes: true })
  const facilityName = useFacilityName()
  const [shown, setShown] = useState<Entry>()
  const asked = filters.flatMap((name) => (list.value(name) ? [[name, list.value(name)!]] : []))
  const save = useAction(
    (kind: 'csv' | 'ndjson') =>
      download(`/api/v1/audit.${kind}?${new URLSearchParams(asked as [string, string][])}`, `audit.${kind}`),
    { done: 'Exported' },
  )
  const day = (name: 'from' | 'to', label: string) => (
    <TextInput
      type="date"
      label={label}
      value={list.value(name)?.slice(0, 10) ?? ''}
      onChange={({ currentTarget: { value } }) =>
        list.set({ [name]: value ? new Date(`${value}T00:00:00`).toISOString() : undefined })
      }
    />
  )
  return (
    <Page
      title="Audit trail"
      about="Every event that is there to stay: who did what to what"
      actions={
        <Menu>
          <Menu.Target>
            <Button variant="default" loading={save.isPending}>
              Export
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => save.mutate('csv')}>As CSV</Menu.Item>
            <Menu.Item onClick={() => save.mutate('ndjson')}>As NDJSON</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      }
    >
      <Group mb="sm" align="flex-end">
        <TextFilter list={list} name="action" label="Event" placeholder="UserRegistered" />
        <TextFilter list={list} name="resource" label="Resource" placeholder="user-…" />
        {day('from', 'From')}
        {day('to', 'Before')}
      </Group>
      <Filters list={list} facility />
      <DataTable<Entry>
        label="Audit trail"
        found={found}
        list={list}
        keyOf={({ id }) => id}
        empty="Nothing of that kind has happened."
        columns={[
          { title: 'When', sort: 'position', show: ({ at }) => <Time at={at} /> },
          { title: 'What', show: ({ action }) => <b>{spaced(action)}</b> },
          {
            title: 'Who',
            show: ({ actor }) => (
              <Button
                size="compact-sm"
                variant="subtle"
                disabled={actor.kind !== 'user'}
                onClick={() => list.set({ actor: actor.id ?? undefined })}
                title="Only what they did"
              >
                {actor.name ?? spaced(actor.kind ?? 'unknown')}
              </Button>
            ),
          },
          {
            title: 'To what',
            show: ({ resource, resource_id }) => (
              <Button
                size="compact-sm"
                variant="subtle"
                onClick={() => list.set({ resource: `${resource}-${resource_id}` })}
                title="Only what happened to it"
              >
                {spaced(resource)} <span className="id">&nbsp;{resource_id.slice(0, 8)}</span>
              </Button>
            ),
          },
          { title: 'Facility', show: ({ facility_id }) => (facility_id ? facilityName(facility_id) : '—') },
          {
            title: 'Details',
            quiet: true,
            align: 'right',
            show: (entry) => (
              <Button
                size="compact-sm"
                variant="default"
                aria-label={`Details of ${spaced(entry.action)}`}
                onClick={() => setShown(entry)}
              >
                Details
              </Button>
            ),
          },
        ]}
      />
      {list.value('actor') && (
        <Button mt="sm" variant="default" onClick={() => list.set({ actor: undefined })}>
          Show what everybody did
        </Button>
      )}
      {shown && (
        <Modal opened size="lg" title={spaced(shown.action)} onClose={() => setShown(undefined)}>
          <Code block tabIndex={0}>
            {JSON.stringify(shown, null, 2)}
          </Code>
        </Modal>
      )}
    </Page>
  )
}
