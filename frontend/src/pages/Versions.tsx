import { Card, Group, Progress, Skeleton, Stack, Table, Text, Title } from '@mantine/core'
import { DataTable, Failure } from '@xylolabs/web-shared/DataTable.tsx'
import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { count } from '@xylolabs/web-shared/words.ts'

type Items = Schemas['FirmwareDistribution']['items']
const colours = ['indigo.8', 'teal.8', 'grape.8', 'orange.9', 'cyan.9', 'pink.8', 'gray.7']

/** Devices of one model, by what they run. */
function Model({ model, items }: { model: string; items: Items }) {
  const byVersion = Map.groupBy(items, ({ version }) => version ?? 'unknown')
  const versions = [...byVersion].map(([version, some]) => ({
    version,
    devices: some.reduce((sum, { devices }) => sum + devices, 0),
  }))
  const all = versions.reduce((sum, { devices }) => sum + devices, 0)
  return (
    <Card withBorder>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {model}
        </Title>
        <Text size="sm" c="dimmed">
          {count(all)} {all === 1 ? 'device' : 'devices'}
        </Text>
      </Group>
      <Progress.Root size={24} mb="xs">
        {versions.map(({ version, devices }, i) => (
          <Progress.Section
            key={version}
            value={(100 * devices) / all}
            color={colours[i % colours.length]!}
            aria-label={`${version}: ${devices}`}
          />
        ))}
      </Progress.Root>
      <Table aria-label={`Versions of ${model}`} verticalSpacing={4}>
        <Table.Tbody>
          {versions.map(({ version, devices }, i) => (
            <Table.Tr key={version}>
              <Table.Td>
                <Group gap="xs">
                  <span
                    aria-hidden
                    style={{
                      width: 12,
                      height: 12,
                      borderRadius: 3,
                      background: `var(--mantine-color-${colours[i % colours.length]!.replace('.', '-')})`,
                    }}
                  />
                  {version}
                </Group>
              </Table.Td>
              <Table.Td ta="right">{count(devices)}</Table.Td>
              <Table.Td ta="right">{Math.round((100 * devices) / all)} %</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  )
}

export function Versions() {
  const list = useList(['facility_id', 'device_model', 'behind', 'unexpected', 'outcome', 'q'])
  const facility_id = list.value('facility_id')
  const { data, error, refetch } = useGet(
    '/api/v1/firmware/distribution',
    { query: { facility_id } },
    { changes: true },
  )
  const found = useGet('/api/v1/firmware/devices', { query: list.query }, { changes: true })
  const facilityName = useFacilityName()
  const yes = (name: string, label: string, words: string) => ({ name, label, of: [{ value: 'true', label: words }] })
  return (
    <Page title="Versions in use" about="What devices say they run, beside what they are told to">
      <Filters
        list={list}
        search="Search by name or serial"
        facility
        choices={[
          yes('behind', 'Behind', 'Behind'),
          yes('unexpected', 'Unexpected', 'Runs what it was not offered'),
          { name: 'outcome', label: 'Last report', of: ['installed', 'failed', 'rolled_back'] },
        ]}
      />
      {error && <Failure error={error} again={() => void refetch()} />}
      {!data && !error && <Skeleton h={120} mb="md" />}
      <Stack mb="md">
        {data &&
          [...Map.groupBy(data.items, ({ device_model }) => device_model)].map(([model, items]) => (
            <Model key={model} model={model} items={items} />
          ))}
      </Stack>
      <DataTable<Schemas['FirmwareDevice']>
        label="Devices and their firmware"
        found={found}
        list={list}
        empty="No device fits."
        columns={[
          { title: 'Device', show: ({ name }) => <b>{name}</b> },
          { title: 'Serial', sort: 'serial', show: ({ serial }) => <span className="id">{serial}</span> },
          { title: 'Facility', show: ({ facility_id }) => facilityName(facility_id) },
          { title: 'Runs', show: ({ version }) => version ?? '—' },
          {
            title: 'Is told',
            show: ({ target, behind }) =>
              target ? (
                <Group gap="xs" wrap="nowrap">
                  {target.version}
                  {behind && <Status of="behind" />}
                </Group>
              ) : (
                '—'
              ),
          },
          {
            title: 'Last report',
            sort: 'reported_at',
            show: ({ last_report }) => (last_report ? <Status of={last_report.outcome} /> : '—'),
          },
          { title: 'Observed', sort: 'observed_at', show: ({ observed_at }) => <Time at={observed_at} /> },
        ]}
      />
    </Page>
  )
}
