import { Button, Group, Modal, Stack, Table, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { api, answer, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { useAction } from '@xylolabs/web-shared/useAction.tsx'
import { count } from '@xylolabs/web-shared/words.ts'
import { useState } from 'react'

type Simulation = Schemas['RolloutSimulation']

const leftOut: readonly (readonly [keyof Simulation['left_out'], string])[] = [
  ['runs_it', 'run it already'],
  ['runs_newer', 'run something newer'],
  ['below_min_version', 'run something too old for it'],
  ['below_security_version', 'have reached a higher security version'],
  ['has_own', 'belong to a facility that has something of its own active'],
]

/** `1, 5, 25` → numbers; what is none is left to the server to refuse. */
const ladderOf = (text: string) =>
  text
    .split(/[\s,;%]+/)
    .filter(Boolean)
    .map(Number)

function bodyOf(release_id: string, values: Record<string, any>) {
  return {
    release_id,
    ladder: ladderOf(String(values['ladder'])),
    dwell_secs: Math.round(Number(values['dwell_minutes']) * 60),
    advance: values['advance'] as 'manual' | 'automatic',
    halt: { min_devices: Number(values['min_devices']), failure_percent: Number(values['failure_percent']) },
  }
}

/** Asks how a rollout is to go, shows what it would do to the fleet, and starts it when that is what is wanted. */
export function RolloutDialog({ release, onClose }: { release: Schemas['FirmwareRelease']; onClose: () => void }) {
  const navigate = useNavigate()
  const [plan, setPlan] = useState<{ body: ReturnType<typeof bodyOf>; simulation: Simulation }>()
  const [values, setValues] = useState<Record<string, any>>({
    ...{ ladder: '1, 5, 25, 50, 100', dwell_minutes: 60, advance: 'automatic', min_devices: 5, failure_percent: 10 },
  })
  const start = useAction(
    (body: ReturnType<typeof bodyOf>) => answer(api.POST('/api/v1/firmware/rollouts', { body })),
    {
      done: 'The rollout has started',
      onDone: ({ id }) => (onClose(), void navigate({ to: '/rollouts/$id', params: { id } as never })),
    },
  )
  if (!plan)
    return (
      <FormDialog
        title={`Roll out ${release.device_model} ${release.version}`}
        label="See what it would do"
        fields={[
          {
            name: 'ladder',
            label: 'Shares of the fleet, in percent',
            required: true,
            description: 'One after the other, rising',
          },
          { name: 'dwell_minutes', label: 'Minutes between steps, at least', kind: 'number', required: true },
          {
            ...{ name: 'advance', label: 'Next step', kind: 'choice', required: true },
            data: [
              { value: 'automatic', label: 'By itself, when enough devices have installed it' },
              { value: 'manual', label: 'When somebody says so' },
            ],
          },
          {
            name: 'min_devices',
            label: 'Halts by itself once so many devices have reported …',
            kind: 'number',
            required: true,
          },
          { name: 'failure_percent', label: '… and so many percent of them failed', kind: 'number', required: true },
        ]}
        initial={values}
        onSubmit={async (asked) => {
          const body = bodyOf(release.id, asked)
          const simulation = await answer(api.POST('/api/v1/firmware/rollouts/simulate', { body }))
          setValues(asked)
          setPlan({ body, simulation })
        }}
        keepOpen
        onClose={onClose}
      />
    )
  const { body, simulation } = plan
  const without = leftOut.filter(([key]) => simulation.left_out[key] > 0)
  return (
    <Modal opened onClose={onClose} title="What it would do" centered size="lg">
      <Stack>
        <Text>
          It could reach <b>{count(simulation.devices)}</b> {simulation.devices === 1 ? 'device' : 'devices'}.
        </Text>
        <Table aria-label="Steps">
          <Table.Thead>
            <Table.Tr>
              <Table.Th ta="right">Share</Table.Th>
              <Table.Th ta="right">Devices in this step</Table.Th>
              <Table.Th ta="right">In all</Table.Th>
              <Table.Th ta="right">Waiting</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {simulation.steps.map(({ percent, devices, total, waiting }) => (
              <Table.Tr key={percent}>
                <Table.Td ta="right">{percent} %</Table.Td>
                <Table.Td ta="right">{count(devices)}</Table.Td>
                <Table.Td ta="right">{count(total)}</Table.Td>
                <Table.Td ta="right">{count(waiting)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {without.length > 0 && (
          <Text size="sm" c="dimmed">
            Left out: {without.map(([key, words]) => `${count(simulation.left_out[key])} ${words}`).join(', ')}.
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setPlan(undefined)}>
            Back
          </Button>
          <Button loading={start.isPending} onClick={() => start.mutate(body)}>
            Start the rollout
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
