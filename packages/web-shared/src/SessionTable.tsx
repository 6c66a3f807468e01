import { Badge, Button, Group } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { Schemas } from './api/client.ts'
import { DataTable } from './DataTable.tsx'
import { Time } from './times.tsx'
import type { List } from './useList.ts'

type Session = Schemas['Session']

/** `Mozilla/5.0 (X11; Linux x86_64) … Chrome/140.0` → `Chrome on Linux`. */
function browserOf(agent: string): string {
  const [browser] = /Edg|Firefox|Chrome|Safari/.exec(agent) ?? []
  const [system] = /Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(agent) ?? []
  return browser
    ? `${browser === 'Edg' ? 'Edge' : browser}${system ? ` on ${system}` : ''}`
    : agent.slice(0, 40) || 'Unknown'
}

/** Sessions, and a button that ends one. */
export function SessionTable({
  found,
  list,
  end,
}: {
  found: UseQueryResult<{ items: Session[]; total: number; pages: number }>
  list?: List
  end: (session: Session) => void
}) {
  return (
    <DataTable<Session>
      label="Sessions"
      found={found}
      {...(list && { list })}
      empty="No open session"
      columns={[
        {
          title: 'Browser',
          show: ({ user_agent, is_current }) => (
            <Group gap="xs" wrap="nowrap">
              <span title={user_agent}>{browserOf(user_agent)}</span>
              {is_current && (
                <Badge tt="none" variant="outline">
                  This one
                </Badge>
              )}
            </Group>
          ),
        },
        { title: 'Address', show: ({ address }) => address },
        { title: 'Logged in', sort: 'started_at', show: ({ started_at }) => <Time at={started_at} /> },
        { title: 'Last active', show: ({ refreshed_at }) => <Time at={refreshed_at} /> },
        {
          title: 'Actions',
          quiet: true,
          align: 'right',
          show: (session) => (
            <Button size="compact-sm" variant="default" onClick={() => end(session)}>
              {session.is_current ? 'Log out' : 'End'}
            </Button>
          ),
        },
      ]}
    />
  )
}
