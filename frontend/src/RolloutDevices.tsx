import { Link } from '@tanstack/react-router'
import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { spaced } from '@xylolabs/web-shared/words.ts'

export function RolloutDevices({ id }: { id: string }) {
  const list = useList(['state', 'kind', 'q'])
  const found = useGet('/api/v1/firmware/rollouts/{id}/devices', { path: { id }, query: list.query }, { changes: true })
  return (
    <>
      <Filters
        list={list}
        search="Search by name or serial"
        choices={[
          { name: 'state', label: 'State', of: ['pending', 'installed', 'failed', 'rolled_back'] },
          { name: 'kind', label: 'Failed at', of: ['download', 'verify', 'install', 'boot', 'other'] },
        ]}
      />
      <DataTable<Schemas['RolloutDevice']>
        label="Devices of the rollout"
        found={found}
        list={list}
        empty="It has come to no such device yet."
        columns={[
          {
            title: 'Device',
            sort: 'name',
            show: (device) => (
              <Link className="row-link" to="/devices/$id" params={{ id: device.id } as never}>
                {device.name}
              </Link>
            ),
          },
          { title: 'Serial', sort: 'serial', show: ({ serial }) => <span className="id">{serial}</span> },
          { title: 'State', show: ({ state }) => <Status of={state} /> },
          { title: 'Failed at', show: ({ kind }) => (kind ? spaced(kind) : '—') },
          { title: 'Detail', show: ({ detail }) => detail ?? '—' },
          { title: 'Reported', sort: 'reported_at', show: ({ reported_at }) => <Time at={reported_at} /> },
        ]}
      />
    </>
  )
}
