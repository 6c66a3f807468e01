import { api, answer, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import type { RowAction } from '@xylolabs/web-shared/RowMenu.tsx'
import { complain, confirmed, told, useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { count } from '@xylolabs/web-shared/words.ts'

type Server = Schemas['GpuServer']

const path = '/api/v1/gpu-servers'
const params = ({ id }: Server) => ({ params: { path: { id } } })

/** What can be done to a server, wherever it is shown. */
export function useServerActions(onRemoved?: () => void): (server: Server) => readonly (RowAction | false)[] {
  const may = useMay()('gpu-server:change')
  const post = (verb: 'enable' | 'disable') => (server: Server) =>
    answer(api.POST(`${path}/{id}/${verb}`, { ...params(server), body: {} }))
  const enable = useAction(post('enable'), { done: 'Enabled' })
  const disable = useAction(post('disable'), { done: 'Disabled: it gets no new jobs' })
  const remove = useAction((server: Server) => answer(api.DELETE(`${path}/{id}`, params(server))), {
    done: 'Removed',
    ...(onRemoved && { onDone: onRemoved }),
  })
  const check = useAction(
    (server: Server) =>
      answer<Schemas['GpuServerCheck']>(api.POST(`${path}/{id}/check`, { ...params(server), body: {} })),
    {
      onDone: ({ server: { name }, found }) =>
        found.health === 'up'
          ? told(`${name} is up, answered in ${count(Math.round(found.latency_ms))} ms`)
          : complain(new Error(`${name} is down: ${found.reason ?? 'nobody knows why'}`)),
    },
  )
  return (server) => [
    may && { label: 'Check now', act: () => check.mutate(server) },
    may &&
      server.status === 'enabled' && {
        label: 'Disable',
        act: () =>
          confirmed(
            `Disable ${server.name}?`,
            'It gets no new jobs until it is enabled. What runs there is finished.',
            'Disable',
            () => disable.mutate(server),
          ),
      },
    may && server.status === 'disabled' && { label: 'Enable', act: () => enable.mutate(server) },
    may && {
      label: 'Remove…',
      danger: true,
      act: () =>
        confirmed(
          `Remove ${server.name} for good?`,
          'It gets no new jobs and is shown no more. Its history stays in the audit trail.',
          'Remove',
          () => remove.mutate(server),
        ),
    },
  ]
}
