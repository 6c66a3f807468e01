import { Button, Group, Title } from '@mantine/core'
import { useState } from 'react'
import { api, answer, session } from './api/client.ts'
import { Details } from './Details.tsx'
import { FormDialog } from './FormDialog.tsx'
import { useFacilityName } from './facilities.ts'
import { Page } from './Page.tsx'
import { SessionTable } from './SessionTable.tsx'
import { confirmed, useAction } from './useAction.tsx'
import { useGet } from './useGet.ts'
import { useList } from './useList.ts'
import { useMe } from './useSession.ts'
import { roles } from './words.ts'

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
      <SessionTable
        found={found}
        list={list}
        end={({ id, is_current }) => (is_current ? void session.logout() : end.mutate(id))}
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
