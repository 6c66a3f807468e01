import { Anchor, Card, Code, Collapse, Group, Skeleton, Stack, Table, Text, Timeline } from '@mantine/core'
import { useState } from 'react'
import type { Schemas } from './api/client.ts'
import { Failure } from './DataTable.tsx'
import { Time } from './times.tsx'
import { useGet } from './useGet.ts'
import { spaced } from './words.ts'

type Item = Schemas['History']['items'][number]
type Path = Parameters<typeof useGet>[0]

const text = (value: unknown) =>
  value === null || value === undefined ? '—' : typeof value === 'string' ? value : JSON.stringify(value)

/** Fields with what they were and what they became. */
export function Changes({ of }: { of: Item['changes'] }) {
  return (
    <Table withRowBorders={false} verticalSpacing={2} fz="sm" aria-label="What changed" className="changes">
      <Table.Tbody>
        {of.map(({ field, before, after }) => (
          <Table.Tr key={field}>
            <Table.Th>{spaced(field)}</Table.Th>
            <Table.Td>{text(before)}</Table.Td>
            <Table.Td aria-label="became">→</Table.Td>
            <Table.Td>{text(after)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

/** What nobody did is done by a part of the system, which has a name of code. */
const whoOf = ({ kind, name }: Item['actor']) =>
  kind === 'system' ? `by itself (${spaced(name ?? kind).toLowerCase()})` : (name ?? spaced(kind).toLowerCase())

function Entry({ item }: { item: Item }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Text size="sm" c="dimmed">
        <Time at={item.at} /> · {whoOf(item.actor)} ·{' '}
        <Anchor component="button" size="sm" onClick={() => setOpen(!open)} aria-expanded={open}>
          {open ? 'Hide' : 'Details'}
        </Anchor>
      </Text>
      <Collapse expanded={open}>
        {item.changes.length > 0 && <Changes of={item.changes} />}
        <Code block mt={4} tabIndex={0} aria-label="The event">
          {JSON.stringify(
            { stream: item.stream, revision: item.revision, position: item.position, data: item.data },
            null,
            2,
          )}
        </Code>
      </Collapse>
    </>
  )
}

/** What happened to something, the newest first: who, when, and what it changed. */
export function History({ path, id }: { path: string; id: string }) {
  const { data, error, refetch } = useGet(`${path}/{id}/history` as Path, { path: { id } }, { changes: true })
  if (error) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={120} />
  const items = [...(data as Schemas['History']).items].reverse()
  return (
    <Card withBorder>
      <Stack>
        <Group justify="space-between">
          <Text fw={600}>History</Text>
        </Group>
        <Timeline bulletSize={14} lineWidth={2} active={items.length}>
          {items.map((item) => (
            <Timeline.Item key={`${item.position}-${item.revision}-${item.stream}`} title={spaced(item.type)}>
              <Entry item={item} />
            </Timeline.Item>
          ))}
        </Timeline>
      </Stack>
    </Card>
  )
}
