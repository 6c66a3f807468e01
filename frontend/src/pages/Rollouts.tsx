import { Progress } from '@mantine/core'
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
import { count } from '@xylolabs/web-shared/words.ts'

type Rollout = Schemas['ReportedRollout']

export function Rollouts() {
  const list = useList(['status', 'facility_id', 'device_model', 'release_id'])
  const found = useGet('/api/v1/firmware/rollouts', { query: list.query }, { changes: true })
  const facilityName = useFacilityName()
  return (
    <Page
      title="Rollouts"
      about="A release on its way to a rising share of the fleet. One is started on the page of its release."
    >
      <Filters
        list={list}
        facility
        choices={[
          {
            name: 'status',
            label: 'State',
            of: ['running', 'paused', 'halted', 'completed', 'rolled_back', 'deactivated', 'withdrawn'],
          },
        ]}
      />
      <DataTable<Rollout>
        label="Rollouts"
        found={found}
        list={list}
        empty="No rollout fits."
        columns={[
          {
            title: 'Release',
            show: ({ id, device_model, version }) => (
              <Link className="row-link" to="/rollouts/$id" params={{ id } as never}>
                {device_model} {version}
              </Link>
            ),
          },
          { title: 'For', show: ({ facility_id }) => facilityName(facility_id) },
          { title: 'State', show: ({ status }) => <Status of={status} /> },
          {
            title: 'Share',
            show: ({ percent, version }) => (
              <Progress value={percent} aria-label={`${version}: ${percent} percent`} w={100} size="lg" />
            ),
          },
          { title: 'Installed', align: 'right', show: ({ counts }) => count(counts?.installed ?? 0) },
          {
            title: 'Failed',
            align: 'right',
            show: ({ counts }) => count((counts?.failed ?? 0) + (counts?.rolled_back ?? 0)),
          },
          { title: 'Started', sort: 'started_at', show: ({ started_at }) => <Time at={started_at} /> },
        ]}
      />
    </Page>
  )
}
