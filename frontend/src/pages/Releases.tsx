import { Button, Group } from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { type Schemas, sendForm } from '@xylolabs/web-shared/api/client.ts'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { useFacilities, useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { useMay, useMe } from '@xylolabs/web-shared/useSession.ts'
import { bytes } from '@xylolabs/web-shared/words.ts'
import { useState } from 'react'

type Release = Schemas['FirmwareRelease']

/** A form of these fields, the file behind the others, so that the server knows what is coming. */
function formOf({ file, ...fields }: Record<string, any>): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, String(value))
  form.set('file', file as File)
  return form
}

export function Releases() {
  const list = useList(['device_model', 'status', 'facility_id', 'active', 'q'])
  const found = useGet('/api/v1/firmware', { query: list.query }, { changes: true })
  const keys = useGet('/api/v1/firmware/keys', { query: { status: 'active', per_page: 100 } })
  const { data: facilities } = useFacilities()
  const facilityName = useFacilityName()
  const navigate = useNavigate()
  const me = useMe()
  const may = useMay()
  const [adding, setAdding] = useState(false)
  return (
    <Page
      title="Firmware releases"
      about="A draft is published, then brought to the fleet"
      actions={may('firmware:create') && <Button onClick={() => setAdding(true)}>New release</Button>}
    >
      <Filters
        list={list}
        search="Search by model, version or notes"
        facility
        choices={[
          { name: 'status', label: 'State', of: ['draft', 'published', 'withdrawn'] },
          {
            name: 'active',
            label: 'Active',
            of: [
              { value: 'true', label: 'Active' },
              { value: 'false', label: 'Not active' },
            ],
          },
        ]}
      />
      <DataTable<Release>
        label="Firmware releases"
        found={found}
        list={list}
        empty="No release fits. Upload an image to begin with."
        columns={[
          {
            title: 'Release',
            sort: 'device_model',
            show: ({ id, device_model, version }) => (
              <Link className="row-link" to="/releases/$id" params={{ id } as never}>
                {device_model} {version}
              </Link>
            ),
          },
          { title: 'For', show: ({ facility_id }) => facilityName(facility_id) },
          {
            title: 'State',
            show: ({ status, is_active }) => (
              <Group gap={4} wrap="nowrap">
                <Status of={status} />
                {is_active && <Status of="active" />}
              </Group>
            ),
          },
          { title: 'Size', align: 'right', show: ({ size_bytes }) => bytes(size_bytes) },
          { title: 'Signed', show: ({ signature }) => (signature ? 'Yes' : 'No') },
          { title: 'Uploaded', sort: 'created_at', show: ({ created_at }) => <Time at={created_at} /> },
        ]}
      />
      {adding && (
        <FormDialog<Release>
          title="New release"
          label="Upload"
          fields={[
            { name: 'file', label: 'Image', kind: 'file', required: true },
            { name: 'device_model', label: 'Device model', required: true, description: 'Such as xs-1' },
            { name: 'version', label: 'Version', required: true, description: 'Semantic, such as 1.4.0' },
            {
              ...{ name: 'facility_id', label: 'Facility', kind: 'choice', required: me.facility_id !== null },
              data: (facilities?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
              description: 'None: for every facility',
              when: () => me.facility_id === null,
            },
            { name: 'notes', label: 'Notes', kind: 'lines' },
            { name: 'min_version', label: 'Oldest version it can follow' },
            {
              name: 'key_id',
              label: 'Signed with',
              kind: 'choice',
              data: (keys.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name ?? id.slice(0, 8) })),
            },
            {
              name: 'signature',
              label: 'Signature',
              description: 'Ed25519 over the manifest, in Base64',
              required: true,
              when: ({ key_id }) => Boolean(key_id),
            },
          ]}
          initial={{ device_model: list.value('device_model') }}
          onSubmit={(values) =>
            sendForm<Release>(
              '/api/v1/firmware',
              formOf({ ...(me.facility_id && { facility_id: me.facility_id }), ...values }),
              () => undefined,
              new AbortController().signal,
            )
          }
          done="Uploaded as a draft"
          onDone={({ id }) => void navigate({ to: '/releases/$id', params: { id } as never })}
          onClose={() => setAdding(false)}
        />
      )}
    </Page>
  )
}
