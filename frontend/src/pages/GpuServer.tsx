import { Alert, Anchor, Button, Skeleton } from '@mantine/core'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { api, answer } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Details } from '@xylolabs/web-shared/Details.tsx'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { History } from '@xylolabs/web-shared/History.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { RowMenu } from '@xylolabs/web-shared/RowMenu.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useEditing } from '@xylolabs/web-shared/useEditing.ts'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { useServerActions } from '../gpuServerActions.ts'
import { HealthTimeline } from '../HealthTimeline.tsx'
import { InFlight, modelsOf, serverFields } from './GpuServers.tsx'

const path = '/api/v1/gpu-servers'

export function GpuServer() {
  const { id } = useParams({ strict: false }) as { id: string }
  const params = { path: { id } }
  const { data, error, refetch } = useGet(`${path}/{id}`, params, { changes: true })
  const may = useMay()
  const navigate = useNavigate()
  const actions = useServerActions(() => void navigate({ to: '/gpu-servers' }))
  const { edit, editing } = useEditing(path, id, refetch)
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={200} />
  /** No token is no change of it; none wanted is said by an empty one. */
  const save = ({ no_token, ...values }: Record<string, unknown>, headers: Record<string, string>) =>
    answer(
      api.PATCH(`${path}/{id}`, { params, headers, body: { ...values, ...(no_token ? { token: '' } : {}) } as never }),
    )
  return (
    <Page
      title={data.name}
      about={<span className="id">{data.url}</span>}
      actions={
        <>
          {may('gpu-server:change') && (
            <Button variant="default" onClick={edit}>
              Edit
            </Button>
          )}
          <RowMenu of={data.name} actions={actions(data)} />
        </>
      }
    >
      {data.reason && (
        <Alert color="red" variant="light" mb="md" title="It is down">
          {data.reason}
        </Alert>
      )}
      <Details
        of={[
          ['State', <Status key="s" of={data.status} />],
          ['Health', <Status key="h" of={data.health} />],
          ['Since', <Time key="t" at={data.health_since} />],
          ['Models', modelsOf(data)],
          ['In flight', <InFlight key="f" server={data} />],
          ['Token', data.has_token ? 'Sealed' : 'None'],
          ['Registered', <Time key="c" at={data.created_at} />],
          [
            'Jobs',
            <Anchor
              key="j"
              size="sm"
              component={Link}
              to="/jobs"
              search={{ kind: 'inference', server_id: id } as never}
            >
              Those it was last given
            </Anchor>,
          ],
        ]}
      />
      <HealthTimeline id={id} />
      <History path={path} id={id} />
      {editing && (
        <FormDialog
          title="Edit server"
          intro="To another address its token is not sent: it has to be given again."
          fields={[
            ...serverFields.slice(0, 3),
            ...(editing.row.has_token ? [{ name: 'no_token', label: 'Without a token', kind: 'switch' as const }] : []),
            { ...serverFields[3]!, label: 'New token', when: ({ no_token }) => !no_token },
          ]}
          {...editing.saving(save)}
        />
      )}
    </Page>
  )
}
