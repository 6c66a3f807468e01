import { Link } from '@tanstack/react-router'
import { DeviceTable, useDevices } from '@xylolabs/web-shared/DeviceTable.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'

export function Devices() {
  const devices = useDevices()
  return (
    <Page title="Devices" about="Sensors: online is who was heard of within five minutes">
      <DeviceTable
        {...devices}
        nameOf={({ id, name }) => (
          <Link className="row-link" to="/devices/$id" params={{ id } as never}>
            {name}
          </Link>
        )}
      />
    </Page>
  )
}
