import { Button, Group, SegmentedControl } from '@mantine/core'
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
  ...['apiKey', 'bulkRetry', 'device', 'deviceFirmware', 'facility', 'firmwareChannel', 'firmwareKey'],
  ...['firmwareRelease', 'firmwareRollout', 'gpuServer', 'inferenceJob', 'nameKey', 'projection', 'refusal'],
  ...['reservation', 'session', 'settings', 'superAdmins', 'tag', 'transcodeJob', 'upload', 'user', 'userKey'],
]

/** Of the log, or of one stream of it; where it goes on it is shown as it grows. */
function useEvents({ stream, category, ...query }: Values, changes: boolean) {
  return useGet<'/api/v1/events' | '/api/v1/events/streams/{name}'>(
    stream === undefined ? '/api/v1/events' : '/api/v1/events/streams/{name}',
    stream === undefined ? { query: { ...query, category } } : { path: { name: String(stream) }, query },
    { changes },
  )
}

export function Events() {
  const kept = useList(['stream', 'category', 'type', 'direction', 'from', 'cursor'])
  // Whatever else is asked for begins where the log does, or its end.
  const list = { ...kept, set: (changes: Values) => kept.set({ cursor: undefined, from: undefined, ...changes }) }
  const { page: _, sort: __, direction = 'backwards', ...query } = kept.query
  const stream = list.value('stream')
  const isBack = direction === 'backwards'
  const isStart = list.value('cursor') === undefined && list.value('from') === undefined
  const found = useEvents({ ...query, direction }, !isBack || isStart)
  const facilityName = useFacilityName()
  const next = found.data?.next_cursor
  return (
    <Page
      title={stream === undefined ? 'Events' : 'Events of a stream'}
      about={
        stream === undefined ? (
          'The log itself, of which all else is made; personal data are masked'
        ) : (
          <span className="id" style={{ overflowWrap: 'anywhere' }}>
            {stream}
          </span>
        )
      }
      actions={
        stream !== undefined && (
          <Button variant="default" onClick={() => list.set({ stream: undefined })}>
            All streams
          </Button>
        )
      }
    >
      <Group mb="sm" align="flex-end">
        <TextFilter list={list} name="type" label="Type begins with" placeholder="Upload" />
        <TextFilter list={list} name="stream" label="Stream" placeholder="upload-…" />
      </Group>
      <Filters
        list={list}
        choices={stream === undefined ? [{ name: 'category', label: 'Kind of stream', of: categories }] : []}
      >
        <SegmentedControl
          aria-label="Order"
          data={[
            { value: 'backwards', label: 'Newest first' },
            { value: 'forwards', label: 'Oldest first' },
          ]}
          value={String(direction)}
          onChange={(chosen) => list.set({ direction: chosen === 'backwards' ? undefined : chosen })}
        />
      </Filters>
      <DataTable<LogEvent>
        label="Events"
        found={found}
        keyOf={({ position }) => position}
        empty={next ? 'Nothing of that kind so far: look further.' : 'Nothing of that kind has happened.'}
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
        {!isStart && (
          <Button variant="default" onClick={() => list.set({})}>
            {isBack ? 'The newest' : 'The oldest'}
          </Button>
        )}
        {next && (
          <Button variant="default" onClick={() => list.set({ cursor: next })}>
            {isBack ? 'Earlier ones' : 'Later ones'}
          </Button>
        )}
      </Group>
    </Page>
  )
}
