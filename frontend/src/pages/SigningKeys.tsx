import { Button } from '@mantine/core'
import { api, answer, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { useFacilities, useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { RowMenu } from '@xylolabs/web-shared/RowMenu.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { confirmed, useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { useMay, useMe } from '@xylolabs/web-shared/useSession.ts'
import { useState } from 'react'

type Key = Schemas['FirmwareKey']

export function SigningKeys() {
  const list = useList(['facility_id', 'status'])
  const found = useGet('/api/v1/firmware/keys', { query: list.query }, { changes: true })
  const { data: facilities } = useFacilities()
  const facilityName = useFacilityName()
  const me = useMe()
  const may = useMay()
  const [adding, setAdding] = useState(false)
  const retire = useAction(
    ({ id, facility_id }: Key) =>
      answer(
        api.POST('/api/v1/firmware/keys/{id}/retire', {
          params: { path: { id } },
          body: facility_id ? { facility_id } : {},
        }),
      ),
    { done: 'Retired: it signs nothing new' },
  )
  return (
    <Page
      title="Signing keys"
      about="Where a facility has one, an image that is not signed with it is refused"
      actions={may('firmware-key:change') && <Button onClick={() => setAdding(true)}>New key</Button>}
    >
      <Filters list={list} facility choices={[{ name: 'status', label: 'State', of: ['active', 'retired'] }]} />
      <DataTable<Key>
        label="Signing keys"
        found={found}
        list={list}
        empty="There is none: images are taken without a signature."
        columns={[
          { title: 'Name', show: ({ name, id }) => <b>{name ?? id.slice(0, 8)}</b> },
          { title: 'For', show: ({ facility_id }) => facilityName(facility_id) },
          { title: 'State', show: ({ status }) => <Status of={status} /> },
          { title: 'Added', sort: 'created_at', show: ({ created_at }) => <Time at={created_at} /> },
          {
            title: 'Actions',
            quiet: true,
            align: 'right',
            show: (key) => (
              <RowMenu
                of={key.name ?? key.id}
                actions={[
                  key.status === 'active' &&
                    may('firmware-key:change') && {
                      label: 'Retire',
                      danger: true,
                      act: () =>
                        confirmed(
                          'Retire this key?',
                          'Nothing new can be signed with it. What was signed stays.',
                          'Retire',
                          () => retire.mutate(key),
                        ),
                    },
                ]}
              />
            ),
          },
        ]}
      />
      {adding && (
        <FormDialog
          title="New signing key"
          label="Add key"
          fields={[
            { name: 'name', label: 'Name' },
            {
              ...{ name: 'facility_id', label: 'Facility', kind: 'choice', description: 'None: for every facility' },
              data: (facilities?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
              when: () => me.facility_id === null,
            },
            { name: 'public_key', label: 'Public key', kind: 'lines', required: true, description: 'Ed25519, in PEM' },
          ]}
          onSubmit={(values) =>
            answer(
              api.POST('/api/v1/firmware/keys', {
                body: { ...(me.facility_id && { facility_id: me.facility_id }), ...values } as never,
              }),
            )
          }
          done="Key added"
          onClose={() => setAdding(false)}
        />
      )}
    </Page>
  )
}
