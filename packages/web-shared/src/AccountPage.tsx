import { Badge, Button, Group, Title } from '@mantine/core'
import { useState } from 'react'
import { api, answer, session } from './api/client.ts'
import { DataTable } from './DataTable.tsx'
import { Details } from './Details.tsx'
import { FormDialog } from './FormDialog.tsx'
import { useFacilityName } from './facilities.ts'
import { Page } from './Page.tsx'
import { Time } from './times.tsx'
import { confirmed, useAction } from './useAction.tsx'
import { useGet } from './useGet.ts'
import { useList } from './useList.ts'
import { useMe } from './useSession.ts'
import { roles } from './words.ts'

/** `Mozilla/5.0 (X11; Linux x86_64) … Chrome/140.0` → `Chrome on Linux`. */
function browserOf(agent: string): string {
  const [browser] = /Edg|Firefox|Chrome|Safari/.exec(agent) ?? []
  const [system] = /Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(agent) ?? []
  return browser
    ? `${browser === 'Edg' ? 'Edge' : browser}${system ? ` on ${system}` : ''}`
    : agent.slice(0, 40) || 'Unknown'
}

export function AccountPage() {
  const me = useMe()
  const facilityName = useFacilityName()
  const [changing, setChanging] = useState(false)
  const list = useList([])
  const found = useGet('/api/auth/sessions', { query: { ...list.query, status: 'open' } }, { changes: true })
  const end = useAction((id: string) => answer(api.DELETE('/api/auth/sessions/{id}', { params: { path: { id } } })), {
    done: 'Session ended',
  })
  const endOthers = useAction(() => answer(api.POST('/api/auth/end-others', { body: {} })), {
    done: 'Every other session has ended',
  })
  return (
    <Page title="Account" actions={<Button onClick={() => setChanging(true)}>Change password</Button>}>
      <Details
        of={[
          ['Name', me.name],
          ['E-mail', me.email],
          ['Role', roles[me.role]],
          ['Facility', facilityName(me.facility_id)],
        ]}
      />
      <Group justify="space-between" my="sm">
        <Title order={2} size="h4">
          Sessions
        </Title>
        <Button
          variant="default"
          onClick={() =>
            confirmed(
              'End every other session?',
              'Whoever is logged in as you elsewhere is logged out.',
              'End them',
              () => endOthers.mutate(),
            )
          }
        >
          Log out everywhere else
        </Button>
      </Group>
      <DataTable
        label="Sessions"
        found={found}
        list={list}
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
            show: ({ id, is_current }) => (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => (is_current ? void session.logout() : end.mutate(id))}
              >
                {is_current ? 'Log out' : 'End'}
              </Button>
            ),
          },
        ]}
      />
      {changing && (
        <FormDialog
          title="Change password"
          label="Change password"
          intro="Every other session of yours ends."
          fields={[
            { name: 'current_password', label: 'Current password', kind: 'password', required: true },
            {
              name: 'new_password',
              label: 'New password',
              kind: 'password',
              required: true,
              description: 'At least 12 characters',
            },
          ]}
          onSubmit={({ current_password, new_password }) =>
            session.changePassword(current_password as string, new_password as string)
          }
          done="Password changed"
          onClose={() => setChanging(false)}
        />
      )}
    </Page>
  )
}
