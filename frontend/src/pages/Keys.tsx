import { Button, Group, Text } from '@mantine/core'
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
import { Secret } from '../Secret.tsx'

type Key = Schemas['UsedApiKey']
type Issued = Schemas['IssuedApiKey']

export function Keys() {
  const list = useList(['status', 'facility_id'])
  const found = useGet('/api/v1/api-keys', { query: list.query }, { changes: true })
  const { data: facilities } = useFacilities()
  const facilityName = useFacilityName()
  const me = useMe()
  const may = useMay()
  const [adding, setAdding] = useState(false)
  const [renaming, setRenaming] = useState<Key>()
  const [rotating, setRotating] = useState<Key>()
  const [issued, setIssued] = useState<Issued>()
  const revoke = useAction((id: string) => answer(api.DELETE('/api/v1/api-keys/{id}', { params: { path: { id } } })), {
    done: 'Revoked: it lets nobody in any more',
  })
  const mine = me.facility_id
    ? []
    : [
        {
          name: 'facility_id',
          label: 'Facility',
          kind: 'choice' as const,
          required: true,
          data: (facilities?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
        },
      ]
  return (
    <Page
      title="API keys"
      about="What devices show to be let in"
      actions={may('api-key:create') && <Button onClick={() => setAdding(true)}>New key</Button>}
    >
      <Filters list={list} facility choices={[{ name: 'status', label: 'State', of: ['active', 'revoked'] }]} />
      <DataTable<Key>
        label="API keys"
        found={found}
        list={list}
        empty="No key fits. A device needs one to send recordings and to ask for firmware."
        columns={[
          {
            title: 'Name',
            sort: 'name',
            show: ({ name }) => (
              <Text fw={600} size="sm">
                {name}
              </Text>
            ),
          },
          { title: 'Facility', show: ({ facility_id }) => facilityName(facility_id) },
          {
            title: 'For',
            show: ({ scopes }) => (
              <Group gap={4}>
                {scopes.map((one) => (
                  <Status key={one} of={one} />
                ))}
              </Group>
            ),
          },
          { title: 'State', show: ({ status }) => <Status of={status} /> },
          { title: 'Last used', show: ({ last_used_at }) => <Time at={last_used_at} /> },
          { title: 'Expires', show: ({ expires_at }) => (expires_at ? <Time at={expires_at} /> : 'Never') },
          {
            title: 'Actions',
            quiet: true,
            align: 'right',
            show: (key) => (
              <RowMenu
                of={key.name}
                actions={
                  key.status === 'active'
                    ? [
                        may('api-key:change') && { label: 'Rename', act: () => setRenaming(key) },
                        may('api-key:change') && { label: 'New secret', act: () => setRotating(key) },
                        may('api-key:revoke') && {
                          label: 'Revoke',
                          danger: true,
                          act: () =>
                            confirmed(
                              `Revoke ${key.name}?`,
                              'Whatever uses it is turned away at once, for good.',
                              'Revoke',
                              () => revoke.mutate(key.id),
                            ),
                        },
                      ]
                    : []
                }
              />
            ),
          },
        ]}
      />
      {adding && (
        <FormDialog<Issued>
          title="New key"
          label="Create key"
          fields={[
            { name: 'name', label: 'Name', required: true, description: 'Where it will be, such as: north hall' },
            ...mine,
            {
              ...{ name: 'scopes', label: 'For', kind: 'choices', required: true },
              data: [
                { value: 'upload', label: 'Sending recordings' },
                { value: 'firmware', label: 'Firmware' },
                { value: 'heartbeat', label: 'Heartbeats' },
              ],
            },
          ]}
          initial={{ scopes: ['upload', 'heartbeat', 'firmware'], facility_id: me.facility_id }}
          onSubmit={(values) =>
            answer(
              api.POST('/api/v1/api-keys', {
                body: { ...(me.facility_id && { facility_id: me.facility_id }), ...values } as never,
              }),
            )
          }
          onDone={setIssued}
          onClose={() => setAdding(false)}
        />
      )}
      {renaming && (
        <FormDialog
          title="Rename key"
          label="Save"
          fields={[{ name: 'name', label: 'Name', required: true }]}
          initial={renaming}
          onSubmit={({ name }) =>
            answer(
              api.PATCH('/api/v1/api-keys/{id}', {
                params: { path: { id: renaming.id } },
                body: { name: name as string },
              }),
            )
          }
          done="Saved"
          onClose={() => setRenaming(undefined)}
        />
      )}
      {rotating && (
        <FormDialog<Issued>
          title={`New secret for ${rotating.name}`}
          label="Make it"
          intro="Both secrets let in for a while, so that devices can be given the new one."
          fields={[
            {
              name: 'hours',
              label: 'Hours that the old one goes on',
              kind: 'number',
              required: true,
              description: '0: it ends at once; 168 at most',
            },
          ]}
          initial={{ hours: 24 }}
          onSubmit={({ hours }) =>
            answer(
              api.POST('/api/v1/api-keys/{id}/rotate', {
                params: { path: { id: rotating.id } },
                body: { overlap_secs: Math.round(Number(hours) * 3600) },
              }),
            )
          }
          onDone={setIssued}
          onClose={() => setRotating(undefined)}
        />
      )}
      {issued?.api_key && (
        <Secret
          title={`Key ${issued.name}`}
          about="Keep it now: it is shown this once, and nobody can look it up."
          value={issued.api_key}
          onClose={() => setIssued(undefined)}
        />
      )}
    </Page>
  )
}
