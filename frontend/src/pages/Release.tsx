import { Button, Card, Skeleton, Text } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { api, answer } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Details } from '@xylolabs/web-shared/Details.tsx'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { History } from '@xylolabs/web-shared/History.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { RowMenu } from '@xylolabs/web-shared/RowMenu.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { confirmed, useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { bytes } from '@xylolabs/web-shared/words.ts'
import { useState } from 'react'
import { RolloutDialog } from '../RolloutDialog.tsx'

type Asking = 'notes' | 'withdraw' | 'deactivate' | 'rollout'

export function Release() {
  const { id } = useParams({ strict: false }) as { id: string }
  const params = { path: { id } }
  const { data, error, refetch } = useGet('/api/v1/firmware/{id}', params, { changes: true })
  const facilityName = useFacilityName()
  const may = useMay()
  const [asking, setAsking] = useState<Asking>()
  const publish = useAction(() => answer(api.POST('/api/v1/firmware/{id}/publish', { params, body: {} })), {
    done: 'Published',
  })
  const activate = useAction(() => answer(api.POST('/api/v1/firmware/{id}/activate', { params, body: {} })), {
    done: 'Active: devices are told to install it',
  })
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={200} />
  const name = `${data.device_model} ${data.version}`
  const close = () => setAsking(undefined)
  return (
    <Page
      title={name}
      about={`Firmware for ${facilityName(data.facility_id)}`}
      actions={
        <>
          {data.status === 'draft' && may('firmware:publish') && (
            <Button loading={publish.isPending} onClick={() => publish.mutate()}>
              Publish
            </Button>
          )}
          {data.status === 'published' && may('rollout:steer') && (
            <>
              {!data.is_active && <Button onClick={() => setAsking('rollout')}>Roll out…</Button>}
              <Button variant="default" component={Link} to="/rollouts" search={{ release_id: id } as never}>
                Its rollouts
              </Button>
            </>
          )}
          <RowMenu
            of={name}
            actions={[
              may('firmware:change') && { label: 'Edit notes', act: () => setAsking('notes') },
              data.status === 'published' &&
                !data.is_active &&
                may('firmware:activate') && {
                  label: 'Activate for all at once',
                  act: () =>
                    confirmed(
                      `Activate ${name} for all at once?`,
                      'Every device of this model is told to install it when it asks next. A rollout does so step by step, and halts when devices fail.',
                      'Activate',
                      () => activate.mutate(),
                    ),
                },
              data.is_active && may('firmware:activate') && { label: 'Deactivate', act: () => setAsking('deactivate') },
              data.status !== 'withdrawn' &&
                may('firmware:withdraw') && { label: 'Withdraw…', danger: true, act: () => setAsking('withdraw') },
            ]}
          />
        </>
      }
    >
      <Details
        of={[
          ['State', <Status key="s" of={data.status} />],
          ['Active', data.is_active ? <Status key="a" of="active" /> : 'No'],
          ['Size', bytes(data.size_bytes)],
          ['Uploaded', <Time key="t" at={data.created_at} />],
          ['File', data.file_name],
          ['Can follow', data.min_version ? `${data.min_version} and later` : 'Any version'],
          ['Signed', data.signature ? 'Yes' : 'No'],
          [
            'SHA-256',
            <span key="d" className="id">
              {data.sha256}
            </span>,
          ],
          ...(data.withdrawal_reason ? [['Withdrawn because', data.withdrawal_reason] as const] : []),
        ]}
      />
      {data.notes && (
        <Card withBorder mb="md">
          <Text style={{ whiteSpace: 'pre-wrap' }}>{data.notes}</Text>
        </Card>
      )}
      <History path="/api/v1/firmware" id={id} />
      {asking === 'rollout' && <RolloutDialog release={data} onClose={close} />}
      {asking === 'notes' && (
        <FormDialog
          title="Edit notes"
          label="Save"
          fields={[{ name: 'notes', label: 'Notes', kind: 'lines' }]}
          initial={{ notes: data.notes }}
          onSubmit={({ notes }) =>
            answer(api.PATCH('/api/v1/firmware/{id}', { params, body: { notes: String(notes ?? '') } }))
          }
          done="Saved"
          onClose={close}
        />
      )}
      {asking === 'withdraw' && (
        <FormDialog
          title={`Withdraw ${name}`}
          label="Withdraw for good"
          intro="It is never active again. Devices that run it are not told to leave it: roll back, or activate another."
          fields={[{ name: 'reason', label: 'Why', required: true }]}
          onSubmit={({ reason }) =>
            answer(api.POST('/api/v1/firmware/{id}/withdraw', { params, body: { reason: reason as string } }))
          }
          done="Withdrawn"
          onClose={close}
        />
      )}
      {asking === 'deactivate' && (
        <FormDialog
          title={`Deactivate ${name}`}
          label="Deactivate"
          intro="Devices are told of no update, until something else becomes active."
          fields={[{ name: 'reason', label: 'Why' }]}
          onSubmit={(values) => answer(api.POST('/api/v1/firmware/{id}/deactivate', { params, body: values }))}
          done="Not active any more"
          onClose={close}
        />
      )}
    </Page>
  )
}
