import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { api, answer } from '@xylolabs/web-shared/api/client.ts'
import { DeviceTable, useDevices } from '@xylolabs/web-shared/DeviceTable.tsx'
import { useFacilities } from '@xylolabs/web-shared/facilities.ts'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { useMay, useMe } from '@xylolabs/web-shared/useSession.ts'
import { useState } from 'react'

export function Devices() {
  const devices = useDevices()
  const { data: facilities } = useFacilities()
  const me = useMe()
  const may = useMay()
  const [adding, setAdding] = useState(false)
  return (
    <Page
      title="Devices"
      about="Sensors"
      actions={may('device:create') && <Button onClick={() => setAdding(true)}>New device</Button>}
    >
      <DeviceTable
        {...devices}
        nameOf={({ id, name }) => (
          <Link className="row-link" to="/devices/$id" params={{ id } as never}>
            {name}
          </Link>
        )}
      />
      {adding && (
        <FormDialog
          title="New device"
          label="Register device"
          fields={[
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
            { name: 'name', label: 'Name', required: true },
            { name: 'serial', label: 'Serial number', required: true },
            { name: 'model', label: 'Model', required: true, description: 'What firmware is made for, such as xs-1' },
          ]}
          onSubmit={(values) =>
            answer(
              api.POST('/api/v1/devices', {
                body: { ...(me.facility_id && { facility_id: me.facility_id }), ...values } as never,
              }),
            )
          }
          done="Device registered"
          onClose={() => setAdding(false)}
        />
      )}
    </Page>
  )
}
