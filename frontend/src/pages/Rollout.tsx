import { Alert, Button, Card, Skeleton, Stepper, Tabs } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { api, answer } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Details } from '@xylolabs/web-shared/Details.tsx'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { History } from '@xylolabs/web-shared/History.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { confirmed, useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { count } from '@xylolabs/web-shared/words.ts'
import { useState } from 'react'
import { RolloutDevices } from '../RolloutDevices.tsx'
import { RolloutOutcome } from '../RolloutOutcome.tsx'

export function Rollout() {
  const { id } = useParams({ strict: false }) as { id: string }
  const params = { path: { id } }
  const { data, error, refetch } = useGet('/api/v1/firmware/rollouts/{id}', params, { changes: true })
  const facilityName = useFacilityName()
  const may = useMay()
  const [halting, setHalting] = useState(false)
  const advance = useAction(
    ({ from, to }: { from: number; to: number }) =>
      answer(
        api.POST('/api/v1/firmware/rollouts/{id}/advance', { params, body: { expected_percent: from, percent: to } }),
      ),
    { done: 'On to the next step' },
  )
  const pause = useAction(() => answer(api.POST('/api/v1/firmware/rollouts/{id}/pause', { params, body: {} })), {
    done: 'Paused',
  })
  const resume = useAction(() => answer(api.POST('/api/v1/firmware/rollouts/{id}/resume', { params, body: {} })), {
    done: 'It goes on',
  })
  const retry = useAction(() => answer(api.POST('/api/v1/firmware/rollouts/{id}/retry-failed', { params, body: {} })), {
    done: 'Those that failed are asked to try again',
  })
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={300} />
  const { status, percent, ladder } = data
  const next = ladder.find((step) => step > percent)
  const isOpen = ['running', 'paused', 'halted'].includes(status)
  const failed = (data.counts?.failed ?? 0) + (data.counts?.rolled_back ?? 0)
  return (
    <Page
      title={`Rollout of ${data.device_model} ${data.version}`}
      about={
        <>
          For {facilityName(data.facility_id)}, started <Time at={data.started_at} />
        </>
      }
      actions={
        may('rollout:steer') &&
        isOpen && (
          <>
            {status === 'running' && next !== undefined && (
              <Button
                variant="default"
                onClick={() =>
                  confirmed(`On to ${next} %?`, `Now it is at ${percent} %.`, `To ${next} %`, () =>
                    advance.mutate({ from: percent, to: next }),
                  )
                }
              >
                On to {next} %
              </Button>
            )}
            {status === 'running' && (
              <Button variant="default" onClick={() => pause.mutate()}>
                Pause
              </Button>
            )}
            {status !== 'running' && <Button onClick={() => resume.mutate()}>Resume</Button>}
            {failed > 0 && (
              <Button variant="default" onClick={() => retry.mutate()}>
                Retry {count(failed)} failed
              </Button>
            )}
            {status !== 'halted' && (
              <Button color="red" onClick={() => setHalting(true)}>
                Halt
              </Button>
            )}
          </>
        )
      }
    >
      {status === 'halted' && (
        <Alert color="red" variant="light" mb="md" title="Halted: devices are told of no update">
          {data.reason}
        </Alert>
      )}
      <Card withBorder mb="md">
        <Stepper
          size="sm"
          active={ladder.filter((step) => step <= percent).length - (status === 'completed' ? 0 : 1)}
          color={status === 'halted' ? 'red.8' : 'indigo'}
        >
          {ladder.map((step) => (
            <Stepper.Step key={step} label={`${step} %`} />
          ))}
        </Stepper>
      </Card>
      <RolloutOutcome counts={data.counts} fleet={data.fleet} />
      <Details
        of={[
          ['State', <Status key="s" of={status} />],
          ['In this step since', <Time key="t" at={data.step_since} />],
          [
            'Next step',
            data.advance === 'automatic'
              ? `By itself, after ${Math.round(data.dwell_secs / 60)} min`
              : 'When somebody says so',
          ],
          ['Halts by itself', `At ${data.halt.failure_percent} % failed of ${data.halt.min_devices} or more`],
          ['Could reach', data.fleet ? count(data.fleet.devices) : undefined],
          ['Has come to', data.fleet ? count(data.fleet.targeted) : undefined],
          [
            'Release',
            <Link key="r" className="row-link" to="/releases/$id" params={{ id: data.release_id } as never}>
              {data.version}
            </Link>,
          ],
          [
            'Failed at',
            data.failures?.map(({ kind, devices }) => `${kind ?? 'unknown'}: ${devices}`).join(', ') || undefined,
          ],
        ]}
      />
      <Tabs defaultValue="devices" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="devices">Devices</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="devices">
          <RolloutDevices id={id} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <History path="/api/v1/firmware/rollouts" id={id} />
        </Tabs.Panel>
      </Tabs>
      {halting && (
        <FormDialog
          title="Halt the rollout"
          label="Halt now"
          intro="At once, devices are told of no update. Those that have installed it keep it."
          fields={[{ name: 'reason', label: 'Why', required: true }]}
          onSubmit={({ reason }) =>
            answer(api.POST('/api/v1/firmware/rollouts/{id}/halt', { params, body: { reason: reason as string } }))
          }
          done="Halted"
          onClose={() => setHalting(false)}
        />
      )}
    </Page>
  )
}
