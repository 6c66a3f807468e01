import { Alert, Button, Skeleton } from '@mantine/core'
import { useParams } from '@tanstack/react-router'
import { api, answer } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Details } from '@xylolabs/web-shared/Details.tsx'
import { deviceDetails } from '@xylolabs/web-shared/DeviceTable.tsx'
import { useFacilities, useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { History } from '@xylolabs/web-shared/History.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { confirmed, useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useEditing } from '@xylolabs/web-shared/useEditing.ts'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMay, useMe } from '@xylolabs/web-shared/useSession.ts'

const path = '/api/v1/devices'

export function Device() {
  const { id } = useParams({ strict: false }) as { id: string }
  const params = { path: { id } }
  const { data, error, refetch } = useGet(`${path}/{id}`, params, { everyMs: 15_000 })
  const { data: facilities } = useFacilities()
  const facilityName = useFacilityName()
  const me = useMe()
  const may = useMay()
  const { edit, editing } = useEditing(path, id, refetch)
  const decommission = useAction(() => answer(api.POST('/api/v1/devices/{id}/decommission', { params, body: {} })), {
    done: 'Decommissioned',
  })
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={200} />
  const save = (values: object, headers: Record<string, string>) =>
    answer(api.PATCH('/api/v1/devices/{id}', { params, headers, body: values as never }))
  const report = data.firmware?.last_report
  return (
    <Page
      title={data.name}
      about={`${data.model}, ${data.serial}`}
      actions={
        may('device:change') &&
        data.status === 'active' && (
          <>
            <Button variant="default" onClick={edit}>
              Edit
            </Button>
            <Button
              variant="default"
              onClick={() =>
                confirmed(
                  `Decommission ${data.name}?`,
                  'It is let in no more, for good. Its recordings stay.',
                  'Decommission',
                  () => decommission.mutate(),
                )
              }
            >
              Decommission
            </Button>
          </>
        )
      }
    >
      {report && report.outcome !== 'installed' && (
        <Alert
          color="red"
          variant="light"
          mb="md"
          title={`Firmware ${report.version}: ${report.outcome.replace('_', ' ')}`}
        >
          {report.detail ?? report.kind ?? 'The device gave no reason.'}
        </Alert>
      )}
      <Details of={deviceDetails(data, facilityName)} />
      <History path={path} id={id} />
      {editing && (
        <FormDialog
          title="Edit device"
          fields={[
            { name: 'name', label: 'Name', required: true },
            ...(me.facility_id
              ? []
              : [
                  {
                    name: 'facility_id',
                    label: 'Facility',
                    kind: 'choice' as const,
                    required: true,
                    data: (facilities?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
                  },
                ]),
          ]}
          {...editing.saving(save)}
        />
      )}
    </Page>
  )
}
