import { Button, SimpleGrid, Text } from '@mantine/core'
import { api, answer } from '@xylolabs/web-shared/api/client.ts'
import type { paths } from '@xylolabs/web-shared/api/schema.ts'
import { type Column, DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { RowMenu } from '@xylolabs/web-shared/RowMenu.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { confirmed, told, useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { count, duration, spaced } from '@xylolabs/web-shared/words.ts'
import { JobCount } from './JobCount.tsx'
import { type Job, type Kind, kinds, states, useJobs } from './jobs.ts'

type Model = paths['/api/v1/inference-jobs']['post']['requestBody']['content']['application/json']['model']
const models: Record<Model, string> = { 'silero-vad': 'Voice activity (silero-vad)', 'sound-levels': 'Sound levels' }
/** The API takes no more in one go. */
const mostRetried = 1000

/** Of a job that waits, what for; of one that took place, where. */
function useServerName(enabled: boolean): (job: Job) => string {
  const { data } = useGet('/api/v1/gpu-servers', { query: { per_page: 100 } }, { enabled })
  return ({ server_id, waiting_for, attempt }) => {
    if (waiting_for === 'server') return 'None has the model'
    if (attempt === 0) return '—'
    if (!server_id) return 'The worker itself'
    return data?.items.find(({ id }) => id === server_id)?.name ?? server_id.slice(0, 8)
  }
}

export function JobQueue({ kind }: { kind: Kind }) {
  const { path, steer, filters } = kinds[kind]
  const list = useList(['status', 'facility_id', 'upload_id', ...filters])
  const found = useJobs(path, list.query)
  const facilityName = useFacilityName()
  const may = useMay()
  const serverName = useServerName(kind === 'inference' && may('gpu-server:read'))
  const narrowed = Object.fromEntries(
    ['facility_id', 'upload_id', ...filters].flatMap((name) => {
      const value = list.value(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
  const failed = useJobs(path, { ...narrowed, status: 'failed', per_page: 1, sort: 'requested_at' }).data?.total ?? 0
  const one = (id: string) => ({ params: { path: { id } }, body: {} })
  const retry = useAction((id: string) => answer(api.POST(`${path}/{id}/retry`, one(id))), {
    done: 'It is tried again',
  })
  const cancel = useAction((id: string) => answer(api.POST(`${path}/{id}/cancel`, one(id))), { done: 'Cancelled' })
  const retryFailed = useAction(
    (expected: number) =>
      answer<{ count: number }>(api.POST(`${path}/retry-failed`, { body: { count: expected, ...narrowed } as never })),
    { onDone: (done) => told(`${count(done.count)} tried again`) },
  )
  const inference: Column<Job>[] = [
    {
      title: 'Model',
      show: ({ model, model_version, priority }) => (
        <>
          {model} {model_version}
          {priority !== 'normal' && (
            <Text size="xs" c="dimmed">
              {spaced(priority ?? '')} priority
            </Text>
          )}
        </>
      ),
    },
    { title: 'Server', show: serverName },
  ]
  return (
    <>
      <SimpleGrid cols={{ base: 2, sm: 5 }} my="md">
        {states.map((status) => (
          <JobCount key={status} path={path} status={status} narrowed={narrowed} list={list} />
        ))}
      </SimpleGrid>
      <Filters
        list={list}
        facility
        choices={[
          { name: 'status', label: 'State', of: states },
          ...(kind === 'inference'
            ? [
                {
                  ...{ name: 'model', label: 'Model' },
                  of: Object.entries(models).map(([value, label]) => ({ value, label })),
                },
              ]
            : []),
        ]}
      >
        {list.value('server_id') && (
          <Button variant="default" onClick={() => list.set({ server_id: undefined })}>
            Of every server
          </Button>
        )}
        {may(steer) && failed > 0 && (
          <Button
            variant="default"
            disabled={failed > mostRetried}
            loading={retryFailed.isPending}
            onClick={() =>
              confirmed(
                `Try ${count(failed)} failed jobs again?`,
                `All of them${Object.keys(narrowed).length > 0 ? ' that fit the filters' : ''}, on every page. Should it be another number by then, none is.`,
                'Try them again',
                () => retryFailed.mutate(failed),
              )
            }
          >
            {failed > mostRetried
              ? `More than ${count(mostRetried)} failed: narrow them down`
              : `Try all ${count(failed)} failed again…`}
          </Button>
        )}
      </Filters>
      <DataTable<Job>
        label={`${kinds[kind].label} jobs`}
        found={found}
        list={list}
        empty={
          kind === 'transcode'
            ? 'No job fits. Every recording that comes in makes one.'
            : 'No job fits. Somebody, or the settings, have recordings listened to.'
        }
        columns={[
          { title: 'Recording', show: ({ upload_id }) => <span className="id">{upload_id.slice(0, 8)}</span> },
          { title: 'Facility', show: ({ facility_id }) => facilityName(facility_id) },
          ...(kind === 'inference' ? inference : []),
          {
            title: 'State',
            show: ({ status, position_in_queue }) => (
              <>
                <Status of={status} />
                {position_in_queue !== null && (
                  <Text size="xs" c="dimmed">
                    Number {count(position_in_queue)}
                  </Text>
                )}
              </>
            ),
          },
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
                  may(steer) &&
                    ['failed', 'cancelled'].includes(status) && { label: 'Try again', act: () => retry.mutate(id) },
                  may(steer) &&
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
    </>
  )
}
