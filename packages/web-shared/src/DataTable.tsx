import {
  Alert,
  Button,
  Card,
  Center,
  Group,
  Pagination,
  Skeleton,
  Stack,
  Table,
  Text,
  UnstyledButton,
} from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError, wordsOf } from './api/problem.ts'
import type { List } from './useList.ts'
import { count } from './words.ts'

export interface Column<Item> {
  title: string
  show: (item: Item) => ReactNode
  /** What the API sorts it by, where it can. */
  sort?: string
  align?: 'right'
  /** Said for those who listen, not shown: a column of buttons. */
  quiet?: boolean
}

interface Page<Item> {
  items: Item[]
  total?: number
  pages?: number
  page?: number
}

/** Why there is nothing to be seen, and the way to try again. */
export function Failure({ error, again }: { error: unknown; again: () => void }) {
  const id = error instanceof ApiError ? error.requestId : undefined
  return (
    <Alert color="red" variant="light" title={wordsOf(error)} role="alert">
      <Group>
        <Button size="compact-sm" variant="default" onClick={again}>
          Try again
        </Button>
        {id && <Text size="xs">Request {id}</Text>}
      </Group>
    </Alert>
  )
}

/** A page of a list that the server filters, sorts and cuts: while it is coming, when there is nothing, when it fails. */
export function DataTable<Item extends object>({
  label,
  found,
  columns,
  list,
  empty,
  keyOf = (item) => (item as { id: string }).id,
}: {
  label: string
  found: UseQueryResult<Page<Item>>
  columns: readonly Column<Item>[]
  list?: List
  /** What it means that there is none, and what to do. */
  empty: ReactNode
  keyOf?: (item: Item) => string
}) {
  const { data, error, isPending, isFetching, refetch } = found
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  const sorted = list?.query['sort']
  const header = ({ title, sort, align, quiet }: Column<Item>) => {
    const direction = sort && sorted === sort ? 'ascending' : sort && sorted === `-${sort}` ? 'descending' : undefined
    const arrow = direction === 'ascending' ? ' ↑' : direction === 'descending' ? ' ↓' : ''
    return (
      <Table.Th key={title} ta={align} aria-sort={direction} aria-label={quiet ? title : undefined}>
        {quiet ? null : sort && list ? (
          <UnstyledButton
            fz="sm"
            fw={600}
            onClick={() => list.set({ sort: direction === 'descending' ? sort : `-${sort}` })}
          >
            {title}
            <span aria-hidden>{arrow}</span>
          </UnstyledButton>
        ) : (
          title
        )}
      </Table.Th>
    )
  }
  const pages = data?.pages ?? 1
  return (
    <Stack gap="sm">
      <Card withBorder padding={0} aria-busy={isFetching}>
        {data && data.items.length === 0 ? (
          <Center p="xl" mih={160}>
            <Text c="dimmed" ta="center" component="div">
              {empty}
            </Text>
          </Center>
        ) : (
          <Table.ScrollContainer
            minWidth={columns.length * 110}
            scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': label, role: 'region' } }}
          >
            <Table aria-label={label}>
              <Table.Thead>
                <Table.Tr>{columns.map(header)}</Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {isPending
                  ? Array.from({ length: 5 }, (_, row) => (
                      <Table.Tr key={row}>
                        {columns.map(({ title }) => (
                          <Table.Td key={title}>
                            <Skeleton height={14} my={4} />
                          </Table.Td>
                        ))}
                      </Table.Tr>
                    ))
                  : data?.items.map((item) => (
                      <Table.Tr key={keyOf(item)}>
                        {columns.map(({ title, show, align }) => (
                          <Table.Td key={title} ta={align} style={align && { whiteSpace: 'nowrap' }}>
                            {show(item)}
                          </Table.Td>
                        ))}
                      </Table.Tr>
                    ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Card>
      {data && data.total !== undefined && data.total > 0 && (
        <Group justify="space-between">
          <Text size="sm" c="dimmed">
            {count(data.total)} in all
          </Text>
          {list && pages > 1 && (
            <Pagination
              size="sm"
              total={pages}
              value={Math.min(Number(list.query['page']), pages)}
              onChange={(page) => list.set({ page })}
              getControlProps={(control) => ({ 'aria-label': `${control} page` })}
            />
          )}
        </Group>
      )}
    </Stack>
  )
}
