import { Skeleton, Table, Text } from '@mantine/core'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { count } from '@xylolabs/web-shared/words.ts'
import { placeIn } from './models.ts'

const text = (value: unknown) =>
  value === undefined ? '—' : typeof value === 'object' ? JSON.stringify(value) : String(value)

/** What a rerun found that is not what the job before it had found. */
export function DiffOf({ jobId }: { jobId: string }) {
  const { data, error, refetch } = useGet('/api/v1/inference-jobs/{id}', { path: { id: jobId } })
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={40} mt="sm" />
  if (!data.diff) return null
  const { model_versions: versions, is_same, total, changes } = data.diff
  const before = `what version ${versions.before} found before`
  if (is_same)
    return (
      <Text size="sm" mt="sm">
        Run again by version {versions.after}: the same as {before}.
      </Text>
    )
  if (total === null)
    return (
      <Text size="sm" mt="sm">
        Run again by version {versions.after}: it differs from {before}; both are too large to be shown side by side.
      </Text>
    )
  return (
    <>
      <Text size="sm" mt="sm" mb={4}>
        Run again by version {versions.after}: {total === 1 ? '1 value differs' : `${count(total)} values differ`} from{' '}
        {before}
        {changes.length < total && `; the first ${count(changes.length)} of them`}.
      </Text>
      <Table.ScrollContainer
        minWidth={320}
        maxHeight={260}
        scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': 'What differs', role: 'region' } }}
      >
        <Table aria-label="What differs" verticalSpacing={2} fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Where</Table.Th>
              <Table.Th>Version {versions.before}</Table.Th>
              <Table.Th>Version {versions.after}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {changes.map(({ path, before, after }) => (
              <Table.Tr key={path}>
                <Table.Td>{placeIn(path)}</Table.Td>
                <Table.Td>{text(before)}</Table.Td>
                <Table.Td>{text(after)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  )
}
