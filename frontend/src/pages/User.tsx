import { Button, Group, Skeleton, Stack, Title } from '@mantine/core'
import { useParams } from '@tanstack/react-router'
import { api, answer, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Details } from '@xylolabs/web-shared/Details.tsx'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { History } from '@xylolabs/web-shared/History.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { RowMenu } from '@xylolabs/web-shared/RowMenu.tsx'
import { SessionTable } from '@xylolabs/web-shared/SessionTable.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { confirmed, useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useEditing } from '@xylolabs/web-shared/useEditing.ts'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { useMay, useMe } from '@xylolabs/web-shared/useSession.ts'
import { roles } from '@xylolabs/web-shared/words.ts'
import { useState } from 'react'
import { Secret } from '../Secret.tsx'
import { useUserFields } from './Users.tsx'

const path = '/api/v1/users'
/** Nobody tells of sessions as they come and go. */
const lookedAtMs = 10_000

/** Where they are logged in. */
function Sessions({ id, endAll }: { id: string; endAll: () => void }) {
  const list = useList([])
  const query = { ...list.query, status: 'open' }
  const found = useGet('/api/v1/users/{id}/sessions', { path: { id }, query }, { everyMs: lookedAtMs })
  const end = useAction(
    (session_id: string) =>
      answer(api.DELETE('/api/v1/users/{id}/sessions/{session_id}', { params: { path: { id, session_id } } })),
    { done: 'Session ended' },
  )
  return (
    <Stack gap="sm" mb="md" component="section" aria-label="Where they are logged in">
      <Group justify="space-between">
        <Title order={2} size="h5">
          Sessions
        </Title>
        {found.data && found.data.total > 0 && (
          <Button
            variant="default"
            onClick={() =>
              confirmed('End every session?', 'They are logged out wherever they are logged in.', 'End them', endAll)
            }
          >
            End all
          </Button>
        )}
      </Group>
      <SessionTable found={found} list={list} end={(one) => end.mutate(one.id)} />
    </Stack>
  )
}

export function User() {
  const { id } = useParams({ strict: false }) as { id: string }
  const params = { path: { id } }
  const { data, error, refetch } = useGet(`${path}/{id}`, params, { changes: true })
  const facilityName = useFacilityName()
  const fields = useUserFields()
  const me = useMe()
  const may = useMay()
  const [password, setPassword] = useState<string>()
  const { edit, editing } = useEditing(path, id, refetch)
  const post = (what: 'deactivate' | 'reactivate' | 'end-sessions' | 'erase') => () =>
    answer(api.POST(`/api/v1/users/{id}/${what}`, { params, body: {} }))
  const deactivate = useAction(post('deactivate'), { done: 'Deactivated' })
  const reactivate = useAction(post('reactivate'), { done: 'Active again' })
  const endSessions = useAction(post('end-sessions'), { done: 'Logged out everywhere' })
  const erase = useAction(post('erase'), { done: 'Erased' })
  const reset = useAction(
    () => answer<Schemas['UserWithPassword']>(api.POST('/api/v1/users/{id}/reset-password', { params, body: {} })),
    { onDone: ({ password }) => setPassword(password) },
  )
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={200} />
  const { name, status } = data
  const isMe = id === me.id
  const save = (values: object, headers: Record<string, string>) =>
    answer(api.PATCH('/api/v1/users/{id}', { params, headers, body: values as never }))
  return (
    <Page
      title={name}
      about={roles[data.role]}
      actions={
        status !== 'erased' && (
          <>
            {may('user:change') && (
              <Button variant="default" onClick={edit}>
                Edit
              </Button>
            )}
            <RowMenu
              of={name}
              actions={[
                may('user:reset-password') &&
                  !isMe && {
                    label: 'Reset password',
                    act: () =>
                      confirmed(
                        `Give ${name} a new password?`,
                        'It is shown once, and has to be changed at the next login. Every session of theirs ends.',
                        'Reset',
                        () => reset.mutate(),
                      ),
                  },
                may('user:end-sessions') && { label: 'Log out everywhere', act: () => endSessions.mutate() },
                may('user:deactivate') &&
                  !isMe &&
                  status === 'active' && {
                    label: 'Deactivate',
                    act: () =>
                      confirmed(
                        `Deactivate ${name}?`,
                        'They are logged out, and cannot log in until they are reactivated.',
                        'Deactivate',
                        () => deactivate.mutate(),
                      ),
                  },
                may('user:deactivate') &&
                  status === 'inactive' && { label: 'Reactivate', act: () => reactivate.mutate() },
                may('user:erase') &&
                  !isMe && {
                    label: 'Erase the person…',
                    danger: true,
                    act: () =>
                      confirmed(
                        `Erase ${name} for ever?`,
                        'Name and address are gone from everything there is and every backup to come. What they did stays, without them. Nobody can undo this.',
                        'Erase',
                        () => erase.mutate(),
                      ),
                  },
              ]}
            />
          </>
        )
      }
    >
      <Details
        of={[
          ['E-mail', data.email],
          ['State', <Status key="s" of={status} />],
          ['Facility', data.role === 'super_admin' ? 'All' : facilityName(data.facility_id)],
          ['Has to change the password', data.must_change_password ? 'Yes' : 'No'],
          ['Made', <Time key="t" at={data.created_at} />],
        ]}
      />
      {may('user:end-sessions') && <Sessions id={id} endAll={() => endSessions.mutate()} />}
      <History path={path} id={id} />
      {editing && (
        <FormDialog title="Edit user" fields={isMe ? fields.slice(0, 2) : fields} {...editing.saving(save)} />
      )}
      {password !== undefined && (
        <Secret
          title={`New password of ${name}`}
          about="Tell them now: it is shown this once."
          value={password}
          onClose={() => setPassword(undefined)}
        />
      )}
    </Page>
  )
}
