import { Button, Group } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet, type Values } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { spaced } from '@xylolabs/web-shared/words.ts'
import { TextFilter } from '../TextFilter.tsx'

type LogEvent = Schemas['LogEvent']

const categories = [
  ...['apiKey', 'device', 'deviceFirmware', 'facility', 'firmwareChannel', 'firmwareKey', 'firmwareRelease'],
  ...['firmwareRolloutPlace', 'gpuServer', 'inferenceJob', 'nameKey', 'projection', 'refusal', 'session', 'settings'],
  ...['superAdmins', 'tag', 'transcodeJob', 'upload', 'user', 'userKey'],
]

/** The end of the log is shown as it grows. */
const lookedAtMs = 5_000

export function Events() {
  const kept = useList(['stream', 'category', 'type', 'cursor'])
  // Whatever else is asked for begins at the end of the log.
  const list = { ...kept, set: (changes: Values) => kept.set({ cursor: undefined, ...changes }) }
  const { page: _, sort: __, ...query } = kept.query
  const isEnd = list.value('cursor') === undefined
  const found = useGet(
    '/api/v1/events',
    { query: { ...query, per_page: 20 } },
    isEnd ? { everyMs: lookedAtMs } : { changes: false },
  )
  const facilityName = useFacilityName()
  const next = found.data?.next_cursor
  return (
    <Page title="Events" about="The log itself, of which all else is made; personal data are masked">
      <Group mb="sm" align="flex-end">
        <TextFilter list={list} name="type" label="Type begins with" placeholder="Upload" />
        <TextFilter list={list} name="stream" label="Stream" placeholder="upload-…" />
      </Group>
      <Filters list={list} choices={[{ name: 'category', label: 'Kind of stream', of: categories }]} />
      <DataTable<LogEvent>
        label="Events"
        found={found}
        keyOf={({ position }) => position}
        empty={next ? 'Nothing of that kind so far: look further back.' : 'Nothing of that kind has happened.'}
        columns={[
          { title: 'When', show: ({ at }) => <Time at={at} /> },
          {
            title: 'Position',
            show: ({ position }) => (
              <Link className="row-link" to="/events/$position" params={{ position } as never}>
                {position}
              </Link>
            ),
          },
          { title: 'Type', show: ({ type }) => <b>{type}</b> },
          {
            title: 'Stream',
            show: ({ stream }) => (
              <Button
                size="compact-sm"
                variant="subtle"
                title={`Only ${stream}`}
                onClick={() => list.set({ stream, category: undefined })}
              >
                <span className="id">{stream.length > 30 ? `${stream.slice(0, 29)}…` : stream}</span>
              </Button>
            ),
          },
          { title: 'Revision', align: 'right', show: ({ revision }) => revision },
          { title: 'Who', show: ({ actor }) => actor.name ?? spaced(actor.kind ?? 'unknown') },
          { title: 'Facility', show: ({ facility_id }) => (facility_id ? facilityName(facility_id) : '—') },
        ]}
      />
      <Group mt="sm">
        {!isEnd && (
          <Button variant="default" onClick={() => list.set({})}>
            The newest
          </Button>
        )}
        {next && (
          <Button variant="default" onClick={() => list.set({ cursor: next })}>
            Earlier ones
          </Button>
        )}
      </Group>
    </Page>
  )
}
