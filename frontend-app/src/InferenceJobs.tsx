import { Button, Group, Stack, Text } from '@mantine/core'
import { api, answer, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { whyWaiting } from './models.ts'

type Job = Schemas['InferenceJob']

function Standing({ job }: { job: Job }) {
  const { status, attempt, error, started_at, requested_at } = job
  const tries = attempt > 1 && ` Attempt ${attempt}.`
  switch (status) {
    case 'queued':
      return (
        <>
          {whyWaiting(job)} Asked for <Time at={requested_at} />.{error && ` Last time: ${error}`}
        </>
      )
    case 'running':
      return (
        <>
          It has been listening since <Time at={started_at} />.{tries}
        </>
      )
    case 'failed':
      return (
        <>
          {error ?? 'It says nothing of why.'}
          {tries}
        </>
      )
    default:
      return (
        <>
          Asked for <Time at={requested_at} />.
        </>
      )
  }
}

/** Where the jobs of one model stand, and what can be done about them. */
export function InferenceJobs({ of }: { of: readonly Job[] }) {
  const may = useMay()
  const params = (id: string) => ({ params: { path: { id } }, body: {} })
  const retry = useAction((id: string) => answer(api.POST('/api/v1/inference-jobs/{id}/retry', params(id))), {
    done: 'It is tried again',
  })
  const cancel = useAction((id: string) => answer(api.POST('/api/v1/inference-jobs/{id}/cancel', params(id))), {
    done: 'Cancelled',
  })
  if (of.length === 0) return null
  const isOpen = ({ status }: Job) => status === 'queued' || status === 'running'
  return (
    <Stack gap="xs" mt="sm" role="list" aria-label="Jobs">
      {of.map((job) => (
        <Group key={job.id} gap="sm" role="listitem" wrap="wrap">
          <Status of={job.status} />
          <Text size="sm" component="div" style={{ flex: '1 1 200px' }}>
            {job.model_version !== null && `Version ${job.model_version}. `}
            <Standing job={job} />
          </Text>
          {may('inference-job:steer') &&
            (isOpen(job) ? (
              <Button
                size="compact-sm"
                variant="default"
                loading={cancel.isPending && cancel.variables === job.id}
                onClick={() => cancel.mutate(job.id)}
              >
                Cancel
              </Button>
            ) : (
              <Button
                size="compact-sm"
                variant="default"
                loading={retry.isPending && retry.variables === job.id}
                onClick={() => retry.mutate(job.id)}
              >
                Try again
              </Button>
            ))}
        </Group>
      ))}
    </Stack>
  )
}
