import { Button, Progress, Text, Tooltip } from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { api, answer, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { type Field, FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { RowMenu } from '@xylolabs/web-shared/RowMenu.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { useState } from 'react'
import { useServerActions } from '../gpuServerActions.ts'

type Server = Schemas['GpuServer']

/** What a server is registered with. */
export const serverFields: readonly Field[] = [
  { name: 'name', label: 'Name', required: true },
  { name: 'url', label: 'URL', required: true, description: 'Where /v2 of the Open Inference Protocol answers' },
  {
    name: 'max_concurrency',
    label: 'Requests at the same time',
    kind: 'number',
    required: true,
    description: 'How many a worker sends it at once, 1024 at most',
  },
  { name: 'token', label: 'Token', kind: 'password', description: 'Sent as a bearer token, and never shown again' },
]

/** `silero-vad 6`, each in every version that the server names. */
export const modelsOf = ({ models }: Server) =>
  models.map(({ name, version }) => (version ? `${name} ${version}` : name)).join(', ') || '—'

/** How many of its places are taken, as the jobs that run there tell. */
export function InFlight({ server: { id, name, max_concurrency } }: { server: Server }) {
  const asked = { server_id: id, status: 'running', per_page: 1 }
  const { data } = useGet('/api/v1/inference-jobs', { query: asked }, { changes: true })
  if (!data) return '…'
  return (
    <Tooltip label="Running here, of what one worker sends at once">
      <div tabIndex={0}>
        <Text size="sm">
          {data.total} of {max_concurrency}
        </Text>
        <Progress value={Math.min(100, (100 * data.total) / max_concurrency)} aria-label={`${name}: places taken`} />
      </div>
    </Tooltip>
  )
}

export function GpuServers() {
  const list = useList(['status', 'health', 'q'])
  const found = useGet('/api/v1/gpu-servers', { query: list.query }, { changes: true })
  const may = useMay()
  const navigate = useNavigate()
  const actions = useServerActions()
  const [adding, setAdding] = useState(false)
  return (
    <Page
      title="GPU servers"
      about="Where models listen to recordings"
      actions={may('gpu-server:change') && <Button onClick={() => setAdding(true)}>New server</Button>}
    >
      <Filters
        list={list}
        search="Name or URL"
        choices={[
          { name: 'status', label: 'State', of: ['enabled', 'disabled'] },
          { name: 'health', label: 'Health', of: ['up', 'down', 'unknown'] },
        ]}
      />
      <DataTable<Server>
        label="GPU servers"
        found={found}
        list={list}
        empty="No server fits. Without one, models that need a server wait."
        columns={[
          {
            title: 'Name',
            sort: 'name',
            show: ({ id, name }) => (
              <Link className="row-link" to="/gpu-servers/$id" params={{ id } as never}>
                {name}
              </Link>
            ),
          },
          { title: 'URL', show: ({ url }) => <span className="id">{url}</span> },
          { title: 'State', show: ({ status }) => <Status of={status} /> },
          {
            title: 'Health',
            show: ({ health, health_since, reason }) => (
              <>
                <Status of={health} />{' '}
                {health_since && (
                  <Text span size="xs" c="dimmed">
                    <Time at={health_since} />
                  </Text>
                )}
                {reason && <Text size="xs">{reason}</Text>}
              </>
            ),
          },
          { title: 'Models', show: modelsOf },
          { title: 'In flight', show: (server) => <InFlight server={server} /> },
          {
            title: 'Actions',
            quiet: true,
            align: 'right',
            show: (server) => <RowMenu of={server.name} actions={actions(server)} />,
          },
        ]}
      />
      {adding && (
        <FormDialog<Server>
          title="New server"
          label="Register"
          fields={serverFields}
          initial={{ max_concurrency: 4 }}
          onSubmit={(values) => answer(api.POST('/api/v1/gpu-servers', { body: values as never }))}
          done="Registered: it is looked at now"
          onDone={({ id }) => void navigate({ to: '/gpu-servers/$id', params: { id } as never })}
          onClose={() => setAdding(false)}
        />
      )}
    </Page>
  )
}
