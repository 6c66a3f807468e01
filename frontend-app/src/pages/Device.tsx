import { Button, Skeleton } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Details } from '@xylolabs/web-shared/Details.tsx'
import { deviceDetails } from '@xylolabs/web-shared/DeviceTable.tsx'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { History } from '@xylolabs/web-shared/History.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'

export function Device() {
  const { id } = useParams({ strict: false }) as { id: string }
  const { data, error, refetch } = useGet('/api/v1/devices/{id}', { path: { id } }, { everyMs: 15_000 })
  const facilityName = useFacilityName()
  if (error) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={200} />
  return (
    <Page
      title={data.name}
      about={`${data.model}, ${data.serial}`}
      actions={
        <Button component={Link} variant="default" to="/" search={{ device_id: id } as never}>
          Its recordings
        </Button>
      }
    >
      <Details of={deviceDetails(data, facilityName)} />
      <History path="/api/v1/devices" id={id} />
    </Page>
  )
}
