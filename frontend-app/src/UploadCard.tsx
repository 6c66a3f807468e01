import { Button, Card, FileButton, Group, Progress, Select, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useFacilities } from '@xylolabs/web-shared/facilities.ts'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMe } from '@xylolabs/web-shared/useSession.ts'
import { bytes } from '@xylolabs/web-shared/words.ts'
import { type DragEvent, useEffect, useState, useSyncExternalStore } from 'react'
import { queue } from './sending.ts'

/** Takes files that are dropped on it, or chosen, and sends them on. */
export function UploadCard() {
  const me = useMe()
  const queries = useQueryClient()
  const { data: facilities } = useFacilities(me.facility_id === null)
  const [facility, setFacility] = useState<string | null>(null)
  const place = me.facility_id ?? facility ?? facilities?.items[0]?.id
  const devices = useGet(
    '/api/v1/devices',
    { query: { facility_id: place, status: 'active', per_page: 100, sort: 'name' } },
    { enabled: place !== undefined },
  )
  const [device, setDevice] = useState<string | null>(null)
  const items = useSyncExternalStore(queue.subscribe, queue.items)
  const [isOver, setOver] = useState(false)

  const add = (files: readonly File[]) => {
    const to = { facility_id: me.facility_id ? undefined : place, device_id: device ?? undefined, user_id: me.id }
    queue.add(files.map((file) => ({ file, ...to })))
  }
  const done = items.filter(({ state }) => state === 'done').length
  useEffect(() => {
    if (done > 0) void queries.invalidateQueries()
  }, [done, queries])

  function drop(event: DragEvent) {
    event.preventDefault()
    setOver(false)
    if (place) add([...event.dataTransfer.files])
  }

  return (
    <Card
      withBorder
      mb="md"
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      style={{
        borderStyle: 'dashed',
        ...(isOver && {
          borderColor: 'var(--mantine-primary-color-filled)',
          background: 'var(--mantine-primary-color-light)',
        }),
      }}
      aria-label="Send recordings"
      role="region"
    >
      <Group justify="space-between">
        <Text size="sm">{isOver ? 'Let go to send' : 'Drop recordings here, or choose them'}</Text>
        <Group gap="sm">
          {me.facility_id === null && (
            <Select
              aria-label="Facility of the recordings"
              placeholder="Facility"
              data={(facilities?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
              value={place ?? null}
              onChange={(value) => (setFacility(value), setDevice(null))}
              allowDeselect={false}
              searchable
              w={180}
            />
          )}
          <Select
            aria-label="Device of the recordings"
            placeholder="Of no device"
            data={(devices.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
            value={device}
            onChange={setDevice}
            clearable
            clearButtonProps={{ 'aria-label': 'Of no device' }}
            searchable
            w={180}
          />
          <FileButton onChange={add} multiple accept="audio/*,.wav,.flac,.ogg,.opus,.mp3,.m4a,.webm">
            {(props) => (
              <Button {...props} disabled={!place}>
                Choose files
              </Button>
            )}
          </FileButton>
        </Group>
      </Group>
      {items.length > 0 && (
        <Stack gap="xs" mt="md" aria-label="On their way" component="ul" p={0} mb={0} style={{ listStyle: 'none' }}>
          {items.map(({ id, what: { file }, sent, state, error, stop }) => (
            <li key={id}>
              <Group justify="space-between" wrap="nowrap">
                <Text size="sm" truncate>
                  {file.name}{' '}
                  <Text span size="sm" c="dimmed">
                    ({bytes(file.size)})
                  </Text>
                </Text>
                <Group gap="xs" wrap="nowrap">
                  <Text
                    size="sm"
                    role="status"
                    {...(state === 'failed' && {
                      c: 'light-dark(var(--mantine-color-red-9), var(--mantine-color-red-3))',
                    })}
                  >
                    {state === 'sending'
                      ? `${Math.round(100 * sent)} %`
                      : state === 'done'
                        ? 'Sent'
                        : state === 'failed'
                          ? error
                          : 'Waiting'}
                  </Text>
                  {state === 'sending' && (
                    <Button size="compact-xs" variant="default" onClick={() => stop.abort()}>
                      Cancel
                    </Button>
                  )}
                  {state === 'failed' && (
                    <Button size="compact-xs" variant="default" onClick={() => queue.again(id)}>
                      Try again
                    </Button>
                  )}
                </Group>
              </Group>
              <Progress
                value={100 * sent}
                size="sm"
                aria-label={`${file.name}: ${Math.round(100 * sent)} percent`}
                color={state === 'failed' ? 'red.8' : state === 'done' ? 'teal.8' : 'indigo'}
              />
            </li>
          ))}
          {!queue.isBusy() && (
            <Button size="compact-sm" variant="default" onClick={queue.clear} style={{ alignSelf: 'flex-end' }}>
              Clear
            </Button>
          )}
        </Stack>
      )}
    </Card>
  )
}
