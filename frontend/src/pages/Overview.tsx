import { Card, SimpleGrid, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMay, useMe } from '@xylolabs/web-shared/useSession.ts'
import { count } from '@xylolabs/web-shared/words.ts'

function Figure({
  label,
  value,
  to,
  search,
}: {
  label: string
  value: number | undefined
  to: string
  search?: object
}) {
  return (
    <Card withBorder component={Link} to={to} search={(search ?? {}) as never} c="inherit">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={28} fw={700}>
        {value === undefined ? '…' : count(value)}
      </Text>
    </Card>
  )
}

const one = { per_page: 1 }

/** What there is and what needs somebody, each a way into the list behind it. */
export function Overview() {
  const me = useMe()
  const may = useMay()
  const live = { changes: true }
  const facilities = useGet('/api/v1/facilities', { query: { ...one, status: 'active' } }, live)
  const devices = useGet('/api/v1/devices', { query: { ...one, status: 'active' } }, live)
  const online = useGet('/api/v1/devices', { query: { ...one, online: 'true' } }, { everyMs: 15_000 })
  const uploads = useGet('/api/v1/uploads', { query: one }, live)
  const failed = useGet('/api/v1/transcode-jobs', { query: { ...one, status: 'failed' } }, live)
  const rollouts = useGet('/api/v1/firmware/rollouts', { query: { per_page: 5 } }, live)
  const stopped = useGet('/api/v1/projections', {}, { enabled: may('projection:read'), everyMs: 10_000 })
  const troubled = stopped.data?.items.filter(({ state }) => state === 'stopped').length
  return (
    <Page title={`Hello, ${me.name}`}>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} mb="lg">
        <Figure label="Facilities" value={facilities.data?.total} to="/facilities" />
        <Figure label="Devices in use" value={devices.data?.total} to="/devices" search={{ status: 'active' }} />
        <Figure label="Online now" value={online.data?.total} to="/devices" search={{ online: 'true' }} />
        <Figure label="Recordings" value={uploads.data?.total} to="/jobs" />
        <Figure label="Failed transcodings" value={failed.data?.total} to="/jobs" search={{ status: 'failed' }} />
        {may('projection:read') && <Figure label="Stopped projections" value={troubled} to="/projections" />}
      </SimpleGrid>
      <Title order={2} size="h4" mb="sm">
        Latest rollouts
      </Title>
      <DataTable
        label="Latest rollouts"
        found={rollouts}
        empty="No rollout has been started yet. Publish a release, and bring it to a rising share of the fleet."
        columns={[
          {
            title: 'Release',
            show: (rollout) => (
              <Link className="row-link" to="/rollouts/$id" params={{ id: rollout.id } as never}>
                {rollout.device_model} {rollout.version}
              </Link>
            ),
          },
          { title: 'State', show: ({ status }) => <Status of={status} /> },
          { title: 'Share', align: 'right', show: ({ percent }) => `${percent} %` },
          { title: 'Started', show: ({ started_at }) => <Time at={started_at} /> },
        ]}
      />
    </Page>
  )
}
