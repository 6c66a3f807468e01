import { Alert, Button, Card, Code, Group, Progress, Skeleton, Table, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { api, answer, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { RowMenu } from '@xylolabs/web-shared/RowMenu.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { confirmed, useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { count, duration, spaced } from '@xylolabs/web-shared/words.ts'
import { useState } from 'react'
import { ProjectionDiff } from '../ProjectionDiff.tsx'

type Version = Schemas['ProjectionStatus']

/** Builds are quick: what is shown of them has to be of now. */
const lookedAtMs = 2_000

function Standing({ version }: { version: Version }) {
  const { state, position, head, lag_events, lag_secs, events_per_sec, eta_secs } = version
  if (state === 'building' || state === 'verifying') {
    const share = position && head && head !== '0' ? (100 * Number(position)) / Number(head) : 0
    return (
      <div>
        <Progress value={share} animated aria-label={`Built: ${Math.round(share)} percent`} size="lg" miw={120} />
        <Text size="xs" c="dimmed">
          {Math.round(share)} %{events_per_sec !== null && `, ${count(Math.round(events_per_sec))} events/s`}
          {eta_secs !== null && `, ${duration(eta_secs * 1000)} to go`}
        </Text>
      </div>
    )
  }
  if (lag_events === null) return '—'
  return lag_events === 0
    ? 'Up to date'
    : `${count(lag_events)} events, ${lag_secs === null ? '?' : count(Math.round(lag_secs))} s behind`
}

export function Projections() {
  const { data, error, refetch } = useGet('/api/v1/projections', {}, { everyMs: lookedAtMs })
  const may = useMay()
  const [compared, setCompared] = useState<string>()
  const [skipping, setSkipping] = useState<Version>()
  const path = (name: string) => ({ params: { path: { name } }, body: {} })
  const promote = useAction(
    ({ name, version }: Version) =>
      answer(api.POST('/api/v1/projections/{name}/promote', { ...path(name), body: { version } })),
    { done: 'Promoted' },
  )
  const rollBack = useAction(
    ({ name }: Version) => answer(api.POST('/api/v1/projections/{name}/rollback', path(name))),
    { done: 'Rolled back' },
  )
  const pause = useAction(({ name }: Version) => answer(api.POST('/api/v1/projections/{name}/pause', path(name))), {
    done: 'Paused',
  })
  const resume = useAction(({ name }: Version) => answer(api.POST('/api/v1/projections/{name}/resume', path(name))), {
    done: 'Tried again',
  })
  const drop = useAction(
    ({ name, version }: Version) =>
      answer(api.POST('/api/v1/projections/{name}/drop', { ...path(name), body: { version } })),
    { done: 'Dropped' },
  )
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={300} />
  const steer = may('projection:steer')
  const broken = data.items.filter((one) => one.error !== null)
  return (
    <Page
      title="Projections"
      about="Read models: each can be rebuilt from the log at any time, beside the one that is shown"
    >
      {broken.map((one) => (
        <Alert
          key={`${one.name} ${one.version}`}
          color="red"
          variant="light"
          mb="md"
          title={`${spaced(one.name)}, version ${one.version}, has stopped`}
        >
          <Code block tabIndex={0}>
            {JSON.stringify(one.error, null, 2)}
          </Code>
          {steer && (
            <Group mt="sm">
              <Button size="compact-sm" variant="default" onClick={() => resume.mutate(one)}>
                Try again
              </Button>
              {typeof one.error?.['position'] === 'string' && (
                <>
                  <Button
                    size="compact-sm"
                    variant="default"
                    component={Link}
                    to="/events/$position"
                    params={{ position: one.error['position'] } as never}
                  >
                    See the event
                  </Button>
                  <Button size="compact-sm" variant="default" onClick={() => setSkipping(one)}>
                    Skip the event…
                  </Button>
                </>
              )}
            </Group>
          )}
        </Alert>
      ))}
      <Card withBorder padding={0}>
        <Table.ScrollContainer
          minWidth={700}
          scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': 'Projections' } }}
        >
          <Table aria-label="Projections">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Read model</Table.Th>
                <Table.Th ta="right">Version</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th>Shown</Table.Th>
                <Table.Th>Stands</Table.Th>
                <Table.Th>Changed state</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map((one) => {
                const shown = data.items.find(({ name, serving }) => name === one.name && serving)
                const isNewer = shown && one.version > shown.version
                const hasEarlier =
                  one.serving && data.items.some(({ name, version }) => name === one.name && version < one.version)
                return (
                  <Table.Tr key={`${one.name} ${one.version}`}>
                    <Table.Td>
                      <b>{spaced(one.name)}</b>
                    </Table.Td>
                    <Table.Td ta="right">{one.version}</Table.Td>
                    <Table.Td>
                      <Status of={one.state} />
                    </Table.Td>
                    <Table.Td>{one.serving ? 'Yes' : 'No'}</Table.Td>
                    <Table.Td>
                      <Standing version={one} />
                    </Table.Td>
                    <Table.Td>
                      <Time at={one.updated_at} />
                    </Table.Td>
                    <Table.Td ta="right">
                      <RowMenu
                        of={`${one.name} ${one.version}`}
                        actions={[
                          !one.serving && { label: 'What would change', act: () => setCompared(one.name) },
                          steer &&
                            isNewer &&
                            one.state === 'live' && {
                              label: 'Promote',
                              act: () =>
                                confirmed(
                                  `Show version ${one.version}?`,
                                  'Readers see it from now on. The one before goes on being followed, and can be gone back to.',
                                  'Promote',
                                  () => promote.mutate(one),
                                ),
                            },
                          steer &&
                            hasEarlier && {
                              label: 'Roll back',
                              danger: true,
                              act: () =>
                                confirmed(
                                  `Go back from version ${one.version}?`,
                                  'Readers see the version before, at once.',
                                  'Roll back',
                                  () => rollBack.mutate(one),
                                ),
                            },
                          steer &&
                            one.serving &&
                            one.state === 'live' && {
                              label: 'Pause',
                              act: () =>
                                confirmed(
                                  `Pause ${spaced(one.name)}?`,
                                  'It stands where it is until it is resumed: what is read of it grows old.',
                                  'Pause',
                                  () => pause.mutate(one),
                                ),
                            },
                          steer &&
                            !one.serving &&
                            !isNewer && {
                              label: 'Drop…',
                              danger: true,
                              act: () =>
                                confirmed(
                                  `Drop version ${one.version} of ${spaced(one.name)}?`,
                                  'Its table goes, and it can be gone back to no more. The log has all it was made of.',
                                  'Drop',
                                  () => drop.mutate(one),
                                ),
                            },
                          steer && one.state === 'stopped' && { label: 'Try again', act: () => resume.mutate(one) },
                        ]}
                      />
                    </Table.Td>
                  </Table.Tr>
                )
              })}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Card>
      <Title order={2} size="h5" mt="lg">
        To rebuild one
      </Title>
      <Text size="sm" c="dimmed">
        Raise its version in the code and start again: the new one is built beside the old, verified, and shown here as
        it grows.
      </Text>
      {compared && <ProjectionDiff name={compared} onClose={() => setCompared(undefined)} />}
      {skipping && (
        <FormDialog
          title="Skip the event"
          label="Skip it"
          intro="It counts as if it had not happened, in this read model, now and in every later build. Better mend the code."
          fields={[{ name: 'reason', label: 'Why', required: true }]}
          onSubmit={({ reason }) =>
            answer(
              api.POST('/api/v1/projections/{name}/skip', {
                params: { path: { name: skipping.name } },
                body: { position: String(skipping.error?.['position']), reason: reason as string },
              }),
            )
          }
          done="Skipped"
          onClose={() => setSkipping(undefined)}
        />
      )}
    </Page>
  )
}
