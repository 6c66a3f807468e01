import { Button, Card, Group, Skeleton, Stack, Text } from '@mantine/core'
import { api, answer, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { type Field, FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { useState } from 'react'

type Setting = Schemas['Setting']

interface Kind {
  title: string
  about: string
  fields: readonly Field[]
  toForm: (value: any) => Record<string, unknown>
  fromForm: (values: Record<string, any>) => unknown
  shown: (value: any) => string
}

const whole = (title: string, about: string, label: string, unit: string, scale = 1): Kind => ({
  ...{ title, about },
  fields: [{ name: 'value', label, kind: 'number', required: true }],
  toForm: (value: number) => ({ value: value / scale }),
  fromForm: ({ value }) => Math.round(Number(value) * scale),
  shown: (value: number) => (value === 0 ? 'Never' : `${value / scale} ${unit}`),
})

interface Listening {
  enabled: boolean
  model?: string
  models?: string[]
}

const namesOf = ({ model, models = [] }: Listening) => (model === undefined ? models : [model])

const linesOf = (text: string) => [...new Set(text.split('\n').map((line) => line.trim()))].filter(Boolean)

const formats = [
  { value: 'opus-webm', label: 'Opus in WebM' },
  { value: 'aac-mp4', label: 'AAC in MP4' },
]

const kinds: Readonly<Record<Setting['key'], Kind>> = {
  transcode_formats: {
    title: 'Formats',
    about: 'What recordings become for the web',
    fields: [{ name: 'value', label: 'Formats', kind: 'choices', required: true, data: formats }],
    toForm: (value: string[]) => ({ value }),
    fromForm: ({ value }) => value,
    shown: (value: string[]) =>
      value.map((one) => formats.find((known) => known.value === one)?.label ?? one).join(', '),
  },
  transcode_bitrate: whole('Bitrate', 'Of what recordings become', 'kbit/s', 'kbit/s', 1000),
  automatic_inference: {
    title: 'Automatic listening',
    about: 'Whether recordings are listened to as they arrive, and by which models',
    fields: [
      { name: 'enabled', label: 'Listen to every recording', kind: 'switch' },
      {
        ...{ name: 'models', label: 'Models', kind: 'lines', required: true },
        description: 'One in each line',
        when: ({ enabled }) => Boolean(enabled),
      },
    ],
    toForm: (value: Listening) => ({ enabled: value.enabled, models: namesOf(value).join('\n') }),
    fromForm: ({ enabled, models = '' }) => ({
      enabled: Boolean(enabled),
      ...(enabled && { models: linesOf(models as string) }),
    }),
    shown: (value: Listening) => (value.enabled ? `By ${namesOf(value).join(', ')}` : 'Off'),
  },
  recording_retention_days: whole('Retention', 'Older recordings are deleted; 0: never', 'Days', 'days'),
  recording_purge_days: whole(
    'Purge',
    'So long after its deletion the bytes of a recording are removed; 0: never',
    'Days',
    'days',
  ),
}

/** Of one facility, or, without one, of the whole installation. */
export function SettingsOf({ facilityId }: { facilityId?: string }) {
  const ofFacility = useGet(
    '/api/v1/facilities/{id}/settings',
    { path: { id: facilityId ?? '' } },
    { enabled: facilityId !== undefined, changes: true },
  )
  const ofSystem = useGet('/api/v1/system/settings', {}, { enabled: facilityId === undefined, changes: true })
  const { data, error, refetch } = facilityId === undefined ? ofSystem : ofFacility
  const may = useMay()
  const [editing, setEditing] = useState<Setting>()
  const put = (key: Setting['key'], value: unknown) => {
    const body = { value } as never
    return facilityId === undefined
      ? answer(api.PUT('/api/v1/system/settings/{key}', { params: { path: { key } }, body }))
      : answer(
          api.PUT('/api/v1/facilities/{id}/settings/{key}', {
            params: { path: { id: facilityId, key } as never },
            body,
          }),
        )
  }
  const undo = useAction((key: Setting['key']) => put(key, null), { done: 'Taken back' })
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={200} />
  const mayChange = may(facilityId === undefined ? 'system-setting:change' : 'setting:change')
  const kind = editing && kinds[editing.key]
  return (
    <Stack gap="sm">
      {data.items.map((setting) => {
        const { title, about, shown } = kinds[setting.key]
        return (
          <Card withBorder key={setting.key}>
            <Group justify="space-between">
              <div>
                <Text fw={600}>{title}</Text>
                <Text size="sm" c="dimmed">
                  {about}
                </Text>
              </div>
              <Group>
                <Text>{shown(setting.value)}</Text>
                <Status of={setting.source} />
                {mayChange && setting.source !== 'environment' && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={`Change ${title}`}
                    onClick={() => setEditing(setting)}
                  >
                    Change
                  </Button>
                )}
                {mayChange && setting.set_here !== null && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={`Take back ${title}`}
                    onClick={() => undo.mutate(setting.key)}
                  >
                    Take back
                  </Button>
                )}
              </Group>
            </Group>
          </Card>
        )
      })}
      {editing && kind && (
        <FormDialog
          title={kind.title}
          intro={kind.about}
          label="Save"
          fields={kind.fields}
          initial={kind.toForm(editing.value)}
          onSubmit={(values) => put(editing.key, kind.fromForm(values))}
          done="Saved"
          onClose={() => setEditing(undefined)}
        />
      )}
    </Stack>
  )
}
