import { Group, Text, TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { useMay, useMe } from '@xylolabs/web-shared/useSession.ts'
import { bytes, duration } from '@xylolabs/web-shared/words.ts'
import { Progressing } from '../Progressing.tsx'
import { useTags } from '../tags.ts'
import { UploadCard } from '../UploadCard.tsx'

type Upload = Schemas['Upload']

export function Recordings() {
  const list = useList(['status', 'device_id', 'facility_id', 'tag', 'from', 'to', 'q'])
  const found = useGet('/api/v1/uploads', { query: list.query }, { changes: true })
  const devices = useGet('/api/v1/devices', { query: { per_page: 100, sort: 'name' } })
  const facilityName = useFacilityName()
  const tags = useTags()
  const me = useMe()
  const may = useMay()
  const deviceName = (id: string | null) =>
    id ? (devices.data?.items.find((one) => one.id === id)?.name ?? id.slice(0, 8)) : '—'
  const day = (name: 'from' | 'to', label: string) => (
    <TextInput
      type="date"
      aria-label={label}
      title={label}
      style={{ flex: '1 1 120px', maxWidth: 180 }}
      value={list.value(name)?.slice(0, 10) ?? ''}
      onChange={({ currentTarget: { value } }) => list.set({ [name]: value ? `${value}T00:00:00Z` : undefined })}
    />
  )
  return (
    <Page title="Recordings">
      {may('upload:create') && <UploadCard />}
      <Filters
        list={list}
        search="Search by name, title or notes"
        facility
        choices={[
          { name: 'status', label: 'State', of: ['received', 'transcoding', 'ready', 'failed', 'rejected'] },
          {
            name: 'device_id',
            label: 'Device',
            of: (devices.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
          },
          ...(tags.length > 0
            ? [{ name: 'tag', label: 'Tag', of: tags.map(({ id, name }) => ({ value: id, label: name })) }]
            : []),
        ]}
      >
        {day('from', 'From this day on')}
        {day('to', 'Before this day')}
      </Filters>
      <DataTable<Upload>
        label="Recordings"
        found={found}
        list={list}
        empty={
          Object.values(list.query).filter((value) => value !== undefined).length > 2
            ? 'No recording fits these filters.'
            : 'No recording has come in yet. Sensors send them here by themselves; or drop a file above.'
        }
        columns={[
          {
            title: 'Recording',
            show: ({ id, title, file_name }) => (
              <Link className="row-link" to="/recordings/$id" params={{ id } as never}>
                {title ?? file_name}
              </Link>
            ),
          },
          { title: 'State', show: ({ id, status }) => <Progressing id={id} status={status} /> },
          {
            title: 'Length',
            sort: 'duration_ms',
            align: 'right',
            show: ({ duration_ms }) => (duration_ms === null ? '—' : duration(duration_ms)),
          },
          { title: 'Size', sort: 'size_bytes', align: 'right', show: ({ size_bytes }) => bytes(size_bytes) },
          { title: 'Device', show: ({ device_id }) => deviceName(device_id) },
          ...(me.facility_id === null
            ? [{ title: 'Facility', show: ({ facility_id }: Upload) => facilityName(facility_id) }]
            : []),
          ...(tags.length > 0
            ? [
                {
                  title: 'Tags',
                  show: (upload: Upload) => (
                    <Group gap={4}>
                      {upload.tags.map((id) => {
                        const tag = tags.find((one) => one.id === id)
                        return tag && <Status key={id} of={tag.name} />
                      })}
                    </Group>
                  ),
                },
              ]
            : []),
          { title: 'Recorded', sort: 'recorded_at', show: ({ recorded_at }) => <Time at={recorded_at} /> },
          {
            title: 'Came in',
            sort: 'created_at',
            show: ({ created_at }) => (
              <Text span inherit>
                <Time at={created_at} />
              </Text>
            ),
          },
        ]}
      />
    </Page>
  )
}
