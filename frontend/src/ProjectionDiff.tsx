import { Card, Code, Group, Modal, Skeleton, Stack, Table, Text } from '@mantine/core'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { count, spaced } from '@xylolabs/web-shared/words.ts'

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

/** What readers would see change, were the other version promoted. */
export function ProjectionDiff({ name, onClose }: { name: string; onClose: () => void }) {
  const { data, error, refetch } = useGet('/api/v1/projections/{name}/diff', { path: { name }, query: { samples: 5 } })
  return (
    <Modal opened size="xl" onClose={onClose} title={`What would change in ${spaced(name)}`}>
      {error ? (
        <Failure error={error} again={() => void refetch()} />
      ) : !data ? (
        <Skeleton h={160} />
      ) : (
        <Stack>
          <Text>
            Version {data.shown.version} is shown. With version {data.other.version}, <b>{count(data.added)}</b> rows
            are added, <b>{count(data.removed)}</b> removed and <b>{count(data.changed)}</b> changed.
          </Text>
          {data.fields.length > 0 && (
            <Table aria-label="Fields that change">
              <Table.Tbody>
                {data.fields.map(({ field, rows }) => (
                  <Table.Tr key={field}>
                    <Table.Td>{field}</Table.Td>
                    <Table.Td ta="right">{count(rows)} rows</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
          {data.samples.map(({ id, kind, fields, since }) => (
            <Card withBorder key={id} padding="sm">
              <Group justify="space-between">
                <span className="id">{id}</span>
                <Status of={kind} />
              </Group>
              {since && (
                <Text size="xs" c="dimmed">
                  Since {since}
                </Text>
              )}
              <Code block tabIndex={0} mt="xs">
                {fields.map(({ field, before, after }) => `${field}: ${text(before)} → ${text(after)}`).join('\n')}
              </Code>
            </Card>
          ))}
        </Stack>
      )}
    </Modal>
  )
}
