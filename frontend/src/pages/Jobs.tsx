import { Card, SimpleGrid, Text } from '@mantine/core'
import { api, answer, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { RowMenu } from '@xylolabs/web-shared/RowMenu.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { count, duration, spaced } from '@xylolabs/web-shared/words.ts'

type Job = Schemas['TranscodeJob']
const states = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const

function Count({ status, facility_id }: { status: (typeof states)[number]; facility_id: string | undefined }) {
  const { data } = useGet('/api/v1/transcode-jobs', { query: { status, facility_id, per_page: 1 } }, { changes: true })
  return (
    <Card withBorder>
      <Text size="sm" c="dimmed">
        {spaced(status)}
      </Text>
      <Text fz={24} fw={700}>
        {data ? count(data.total) : '…'}
      </Text>
    </Card>
  )
}

export function Jobs() {
  const list = useList(['status', 'facility_id'])
  const found = useGet('/api/v1/transcode-jobs', { query: list.query }, { changes: true })
  const facilityName = useFacilityName()
  const may = useMay()
  const params = (id: string) => ({ params: { path: { id } }, body: {} })
  const retry = useAction((id: string) => answer(api.POST('/api/v1/transcode-jobs/{id}/retry', params(id))), {
    done: 'It is tried again',
  })
  const cancel = useAction((id: string) => answer(api.POST('/api/v1/transcode-jobs/{id}/cancel', params(id))), {
    done: 'Cancelled',
  })
  return (
    <Page title="Transcoding" about="Recordings on their way to the web">
      <SimpleGrid cols={{ base: 2, sm: 5 }} mb="md">
        {states.map((status) => (
          <Count key={status} status={status} facility_id={list.value('facility_id')} />
        ))}
      </SimpleGrid>
      <Filters list={list} facility choices={[{ name: 'status', label: 'State', of: states }]} />
      <DataTable<Job>
        label="Transcode jobs"
        found={found}
        list={list}
        empty="No job fits. Every recording that comes in makes one."
        columns={[
          { title: 'Recording', show: ({ upload_id }) => <span className="id">{upload_id.slice(0, 8)}</span> },
          { title: 'Facility', show: ({ facility_id }) => facilityName(facility_id) },
          { title: 'State', show: ({ status }) => <Status of={status} /> },
          { title: 'Attempt', align: 'right', show: ({ attempt }) => attempt },
          { title: 'Asked for', sort: 'requested_at', show: ({ requested_at }) => <Time at={requested_at} /> },
          {
            title: 'Took',
            align: 'right',
            show: ({ started_at, finished_at }) =>
              started_at && finished_at ? duration(Date.parse(finished_at) - Date.parse(started_at)) : '—',
          },
          { title: 'Error', show: ({ error }) => error ?? '—' },
          {
            title: 'Actions',
            quiet: true,
            align: 'right',
            show: ({ id, status }) => (
              <RowMenu
                of={`job ${id.slice(0, 8)}`}
                actions={[
                  may('transcode-job:steer') &&
                    ['failed', 'cancelled'].includes(status) && { label: 'Try again', act: () => retry.mutate(id) },
                  may('transcode-job:steer') &&
                    ['queued', 'running'].includes(status) && {
                      label: 'Cancel',
                      danger: true,
                      act: () => cancel.mutate(id),
                    },
                ]}
              />
            ),
          },
        ]}
      />
    </Page>
  )
}
