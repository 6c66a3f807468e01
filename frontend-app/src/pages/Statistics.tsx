import '@mantine/charts/styles.css'
import { BarChart, LineChart } from '@mantine/charts'
import { Alert, Card, SegmentedControl, SimpleGrid, Skeleton, Text, Title } from '@mantine/core'
import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { bytes, count, duration } from '@xylolabs/web-shared/words.ts'

type Stats = Schemas['Stats']
type Counts = Stats['totals']

const spans = {
  '1': { label: 'A day', bucket: 'hour', days: 1 },
  '30': { label: '30 days', bucket: 'day', days: 30 },
  '365': { label: 'A year', bucket: 'week', days: 365 },
} as const
type Span = keyof typeof spans

function Figure({ label, value }: { label: string; value: string | undefined }) {
  return (
    <Card withBorder>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={24} fw={700}>
        {value ?? '…'}
      </Text>
    </Card>
  )
}

const hour = 3_600_000
const lengths = { hour, day: 24 * hour, week: 7 * 24 * hour }

/** With the buckets in which nothing came in: a chart without them would tell a lie. */
function complete({ from, to, bucket, series }: Stats): (Counts & { start: string })[] {
  const [first] = series
  if (!first) return []
  const length = lengths[bucket]
  const begin = Date.parse(first.start) - Math.floor((Date.parse(first.start) - Date.parse(from)) / length) * length
  // Clocks that are put on or back move a bucket by an hour.
  const near = (at: number) => series.find(({ start }) => Math.abs(Date.parse(start) - at) < length / 2)
  const none = {
    uploads: 0,
    size_bytes: 0,
    sound_secs: 0,
    jobs: { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 },
  }
  return Array.from({ length: Math.ceil((Date.parse(to) - begin) / length) }, (_, i) => {
    const at = begin + i * length
    return near(at) ?? { start: new Date(at).toISOString(), ...none }
  })
}

/** What came in, and how much of it, over time. */
export function Statistics() {
  const list = useList(['facility_id'])
  const facility_id = list.value('facility_id')
  const span = (list.value('days') ?? '30') as Span
  const { bucket, days } = spans[span] ?? spans[30]
  // By the hour, so that what is asked for stays the same while it is looked at.
  const to = new Date(Math.ceil(Date.now() / hour) * hour)
  const from = new Date(to.getTime() - days * 24 * hour)
  const query = { facility_id, bucket, from: from.toISOString(), to: to.toISOString() }
  const { data, error, refetch } = useGet('/api/v1/stats', { query }, { changes: true })
  const devices = useGet('/api/v1/devices', { query: { facility_id, status: 'active', per_page: 1 } })
  const online = useGet('/api/v1/devices', { query: { facility_id, online: 'true', per_page: 1 } }, { everyMs: 15_000 })
  const words = new Intl.DateTimeFormat(undefined, {
    timeZone: data?.timezone ?? 'UTC',
    ...(bucket === 'hour' ? { hour: '2-digit', minute: '2-digit' } : { day: 'numeric', month: 'short' }),
  })
  const series = (data ? complete(data) : []).map(({ start, uploads, sound_secs, size_bytes, jobs }) => ({
    ...{ start: words.format(new Date(start)), Recordings: uploads, Minutes: Math.round(sound_secs / 6) / 10 },
    ...{ MiB: Math.round(size_bytes / 104_857.6) / 10, Failed: jobs.failed },
  }))
  return (
    <Page title="Statistics" about={data && `In the time of ${data.timezone}`}>
      <Filters list={list} facility />
      <SegmentedControl
        mb="md"
        data={Object.entries(spans).map(([value, { label }]) => ({ value, label }))}
        value={span}
        onChange={(value) => list.set({ days: value })}
        style={{ alignSelf: 'flex-start' }}
        aria-label="How far back"
      />
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} mb="md">
        <Figure label="Recordings" value={data && count(data.totals.uploads)} />
        <Figure label="Sound" value={data && duration(1000 * data.totals.sound_secs)} />
        <Figure label="Size" value={data && bytes(data.totals.size_bytes)} />
        <Figure label="Devices in use" value={devices.data && count(devices.data.total)} />
        <Figure label="Online now" value={online.data && count(online.data.total)} />
      </SimpleGrid>
      {error ? (
        <Failure error={error} again={() => void refetch()} />
      ) : !data ? (
        <Skeleton h={300} />
      ) : series.length === 0 ? (
        <Alert variant="light">Nothing came in during that time.</Alert>
      ) : (
        <>
          {(
            [
              ['Recordings that came in', BarChart, 'Recordings', 'indigo.7'],
              ['Minutes of sound', LineChart, 'Minutes', 'teal.8'],
            ] as const
          ).map(([title, Chart, name, color]) => (
            <Card withBorder mb="md" key={name}>
              <Title order={2} size="h5" mb="sm">
                {title}
              </Title>
              <div
                role="img"
                aria-label={`${title}: ${series.map((one) => `${one.start} ${one[name]}`).join(', ')}`.slice(0, 500)}
              >
                <Chart
                  h={240}
                  data={series}
                  dataKey="start"
                  series={[{ name, color }]}
                  withLegend={false}
                  {...(Chart === BarChart && { maxBarWidth: 40 })}
                  curveType="monotone"
                  textColor="light-dark(var(--mantine-color-gray-7), var(--mantine-color-dark-1))"
                />
              </div>
            </Card>
          ))}
        </>
      )}
    </Page>
  )
}
