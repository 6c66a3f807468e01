import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { api, answer, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { type Field, FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { useState } from 'react'

export const facilityFields: readonly Field[] = [
  { name: 'name', label: 'Name', required: true },
  { name: 'timezone', label: 'Time zone', description: 'Such as Asia/Seoul' },
  { name: 'address', label: 'Address' },
]

export function Facilities() {
  const list = useList(['status', 'q'], 'name')
  const found = useGet('/api/v1/facilities', { query: list.query }, { changes: true })
  const may = useMay()
  const [adding, setAdding] = useState(false)
  return (
    <Page
      title="Facilities"
      about="Places that own devices and people"
      actions={may('facility:create') && <Button onClick={() => setAdding(true)}>New facility</Button>}
    >
      <Filters
        list={list}
        search="Search by name or code"
        choices={[{ name: 'status', label: 'State', of: ['active', 'inactive'] }]}
      />
      <DataTable
        label="Facilities"
        found={found}
        list={list}
        empty="No facility fits. A facility comes first: devices, people and keys belong to one."
        columns={[
          {
            title: 'Name',
            sort: 'name',
            show: ({ id, name }) => (
              <Link className="row-link" to="/facilities/$id" params={{ id } as never}>
                {name}
              </Link>
            ),
          },
          { title: 'Code', sort: 'code', show: ({ code }) => code },
          { title: 'Time zone', show: ({ timezone }) => timezone ?? '—' },
          { title: 'State', show: ({ status }) => <Status of={status} /> },
          { title: 'Made', sort: 'created_at', show: ({ created_at }) => <Time at={created_at} /> },
        ]}
      />
      {adding && (
        <FormDialog<Schemas['Facility']>
          title="New facility"
          label="Create facility"
          fields={[
            facilityFields[0]!,
            {
              name: 'code',
              label: 'Code',
              required: true,
              description: 'Short, of lower-case letters, digits and dashes; it stays',
            },
            ...facilityFields.slice(1),
          ]}
          initial={{ timezone: Intl.DateTimeFormat().resolvedOptions().timeZone }}
          onSubmit={(values) => answer(api.POST('/api/v1/facilities', { body: values as never }))}
          done="Facility created"
          onClose={() => setAdding(false)}
        />
      )}
    </Page>
  )
}
