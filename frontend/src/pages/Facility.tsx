import { Button, Skeleton, Tabs } from '@mantine/core'
import { useParams } from '@tanstack/react-router'
import { api, answer, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Details } from '@xylolabs/web-shared/Details.tsx'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { History } from '@xylolabs/web-shared/History.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { confirmed, useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useEditing } from '@xylolabs/web-shared/useEditing.ts'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { SettingsOf } from '../SettingsOf.tsx'
import { facilityFields } from './Facilities.tsx'

const path = '/api/v1/facilities'

export function Facility() {
  const { id } = useParams({ strict: false }) as { id: string }
  const params = { path: { id } }
  const { data, error, refetch } = useGet(`${path}/{id}`, params, { changes: true })
  const may = useMay()
  const deactivate = useAction(() => answer(api.POST('/api/v1/facilities/{id}/deactivate', { params, body: {} })), {
    done: 'Deactivated',
  })
  const reactivate = useAction(() => answer(api.POST('/api/v1/facilities/{id}/reactivate', { params, body: {} })), {
    done: 'Active again',
  })
  const { edit, editing } = useEditing(path, id, refetch)
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={200} />
  const save = (values: object, headers: Record<string, string>) =>
    answer(api.PATCH('/api/v1/facilities/{id}', { params, headers, body: values as never }))
  return (
    <Page
      title={data.name}
      about={`Facility ${data.code}`}
      actions={
        <>
          {may('facility:change') && (
            <Button variant="default" onClick={edit}>
              Edit
            </Button>
          )}
          {may('facility:deactivate') &&
            (data.status === 'active' ? (
              <Button
                variant="default"
                onClick={() =>
                  confirmed(
                    `Deactivate ${data.name}?`,
                    'Everybody who belongs to it is logged out, and the keys of its devices let nobody in, until it is reactivated.',
                    'Deactivate',
                    () => deactivate.mutate(),
                  )
                }
              >
                Deactivate
              </Button>
            ) : (
              <Button onClick={() => reactivate.mutate()}>Reactivate</Button>
            ))}
        </>
      }
    >
      <Details
        of={[
          ['State', <Status key="s" of={data.status} />],
          ['Time zone', data.timezone],
          ['Address', data.address],
          ['Made', <Time key="t" at={data.created_at} />],
        ]}
      />
      <Tabs defaultValue="history" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="history">History</Tabs.Tab>
          {may('setting:read') && <Tabs.Tab value="settings">Settings</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="history">
          <History path={path} id={id} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <SettingsOf facilityId={id} />
        </Tabs.Panel>
      </Tabs>
      {editing && (
        <FormDialog
          title="Edit facility"
          // What it has can be changed, and not taken away again.
          fields={facilityFields.map((field) => ({
            ...field,
            required: field.required || editing.row[field.name as keyof Schemas['Facility']] !== null,
          }))}
          {...editing.saving(save)}
        />
      )}
    </Page>
  )
}
