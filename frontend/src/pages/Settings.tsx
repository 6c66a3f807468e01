import { Select } from '@mantine/core'
import { useFacilities } from '@xylolabs/web-shared/facilities.ts'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { useMay, useMe } from '@xylolabs/web-shared/useSession.ts'
import { SettingsOf } from '../SettingsOf.tsx'

/** Of the installation, for those who may see those; of a facility. */
export function Settings() {
  const may = useMay()
  const me = useMe()
  const list = useList([])
  const { data } = useFacilities()
  const facility = list.value('of') ?? me.facility_id ?? undefined
  const all = may('system-setting:read')
  return (
    <Page
      title="Settings"
      about="What the environment says cannot be changed here; a facility’s own go before the installation’s"
    >
      {all && (
        <Select
          label="Of"
          mb="md"
          maw={360}
          data={[
            { value: '', label: 'The whole installation' },
            ...(data?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
          ]}
          value={facility ?? ''}
          allowDeselect={false}
          searchable
          onChange={(of) => list.set({ of: of ?? undefined })}
        />
      )}
      <SettingsOf key={facility} {...(facility && { facilityId: facility })} />
    </Page>
  )
}
