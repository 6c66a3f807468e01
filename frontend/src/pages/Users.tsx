import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { api, answer } from '@xylolabs/web-shared/api/client.ts'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { useFacilities, useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { type Field, FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { useMay, useMe } from '@xylolabs/web-shared/useSession.ts'
import { roles } from '@xylolabs/web-shared/words.ts'
import { useState } from 'react'

const ofRoles = Object.entries(roles).map(([value, label]) => ({ value, label }))

/** The fields of a person; those who belong to a facility make people of that one. */
export function useUserFields(): readonly Field[] {
  const me = useMe()
  const { data } = useFacilities()
  const isSuper = me.role === 'super_admin'
  return [
    { name: 'email', label: 'E-mail', kind: 'email', required: true },
    { name: 'name', label: 'Name', required: true },
    {
      name: 'role',
      label: 'Role',
      kind: 'choice',
      required: true,
      data: ofRoles.filter(({ value }) => isSuper || value !== 'super_admin'),
    },
    {
      ...{ name: 'facility_id', label: 'Facility', kind: 'choice', required: true },
      data: (data?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
      when: ({ role }) => role !== 'super_admin' && isSuper,
    },
  ]
}

export function Users() {
  const list = useList(['role', 'status', 'facility_id', 'q'], 'name')
  const found = useGet('/api/v1/users', { query: list.query }, { changes: true })
  const facilityName = useFacilityName()
  const fields = useUserFields()
  const me = useMe()
  const may = useMay()
  const [adding, setAdding] = useState(false)
  return (
    <Page
      title="Users"
      about="People and their roles"
      actions={may('user:create') && <Button onClick={() => setAdding(true)}>New user</Button>}
    >
      <Filters
        list={list}
        search="Search by name or e-mail"
        facility
        choices={[
          { name: 'role', label: 'Role', of: ofRoles },
          { name: 'status', label: 'State', of: ['active', 'inactive', 'erased'] },
        ]}
      />
      <DataTable
        label="Users"
        found={found}
        list={list}
        empty="Nobody fits."
        columns={[
          {
            title: 'Name',
            sort: 'name',
            show: ({ id, name }) => (
              <Link className="row-link" to="/users/$id" params={{ id } as never}>
                {name}
              </Link>
            ),
          },
          { title: 'E-mail', sort: 'email', show: ({ email }) => email },
          { title: 'Role', show: ({ role }) => roles[role] },
          {
            title: 'Facility',
            show: ({ facility_id, role }) => (role === 'super_admin' ? 'All' : facilityName(facility_id)),
          },
          { title: 'State', show: ({ status }) => <Status of={status} /> },
          { title: 'Made', sort: 'created_at', show: ({ created_at }) => <Time at={created_at} /> },
        ]}
      />
      {adding && (
        <FormDialog
          title="New user"
          label="Create user"
          fields={[
            ...fields,
            {
              name: 'password',
              label: 'First password',
              kind: 'password',
              required: true,
              description: 'Has to be changed at the first login',
            },
          ]}
          initial={{ role: 'user' }}
          onSubmit={(values) =>
            answer(
              api.POST('/api/v1/users', {
                body: { ...(me.facility_id && { facility_id: me.facility_id }), ...values } as never,
              }),
            )
          }
          done="User created"
          onClose={() => setAdding(false)}
        />
      )}
    </Page>
  )
}
