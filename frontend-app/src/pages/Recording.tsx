import { Alert, Button, Card, MultiSelect, Skeleton, Text } from '@mantine/core'
import { useNavigate, useParams } from '@tanstack/react-router'
import { api, answer, download } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Details } from '@xylolabs/web-shared/Details.tsx'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { History } from '@xylolabs/web-shared/History.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { RowMenu } from '@xylolabs/web-shared/RowMenu.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { confirmed, useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useEditing } from '@xylolabs/web-shared/useEditing.ts'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { bytes, duration } from '@xylolabs/web-shared/words.ts'
import { lazy, Suspense, useMemo } from 'react'
import { Findings } from '../Findings.tsx'
import { LineageOf } from '../LineageOf.tsx'
import { JobsOf, Renditions } from '../Made.tsx'
import { markedWith } from '../marking.ts'
import { createPlayhead } from '../playhead.ts'
import { Progressing } from '../Progressing.tsx'
import { useTags } from '../tags.ts'

const Player = lazy(() => import('../Player.tsx').then((module) => ({ default: module.Player })))
const path = '/api/v1/uploads'

const waiting: Readonly<Record<string, string>> = {
  received: 'It has come in, and waits for its turn to be made playable.',
  transcoding: 'It is being made playable. This page shows it when it is.',
}

export function Recording() {
  const { id } = useParams({ strict: false }) as { id: string }
  const params = { path: { id } }
  const playhead = useMemo(createPlayhead, [id])
  const { data, error, refetch } = useGet(`${path}/{id}`, params, { changes: true })
  const facilityName = useFacilityName()
  const tags = useTags(data?.facility_id)
  const navigate = useNavigate()
  const may = useMay()
  const { edit, editing } = useEditing(path, id, refetch)
  const restore = useAction(() => answer(api.POST('/api/v1/uploads/{id}/restore', { params, body: {} })), {
    done: 'It is back',
  })
  const remove = useAction(() => answer(api.DELETE('/api/v1/uploads/{id}', { params })), {
    done: 'Deleted. It can be restored for a while, from its page.',
    onDone: () => void navigate({ to: '/' }),
  })
  const mark = useAction(async (tag_ids: string[]) => {
    await answer(api.PUT('/api/v1/uploads/{id}/tags', { params, body: { tag_ids } }))
    await refetch()
  })
  const save = useAction((name: string) => download(`${path}/${id}/download`, name))
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={300} />
  const listed = tags.map(({ id }) => id)
  // What was chosen, until it is what is there.
  const marks = mark.isPending ? mark.variables : data.tags
  const name = data.title ?? data.file_name
  const change = (values: Record<string, any>, headers: Record<string, string>) =>
    answer(
      api.PATCH('/api/v1/uploads/{id}', {
        params,
        headers,
        body: { title: values['title'] ?? null, notes: values['notes'] ?? null },
      }),
    )
  const mine = may('upload:change') && data.status !== 'deleted'
  return (
    <Page
      title={name}
      about={<Progressing id={id} status={data.status} />}
      actions={
        <>
          {data.status !== 'rejected' && data.status !== 'deleted' && (
            <Button variant="default" loading={save.isPending} onClick={() => save.mutate(data.file_name)}>
              Download original
            </Button>
          )}
          {data.status === 'deleted' && may('upload:delete') && (
            <Button onClick={() => restore.mutate()}>Restore</Button>
          )}
          <RowMenu
            of={name}
            actions={[
              mine && { label: 'Edit title and notes', act: edit },
              mine &&
                may('upload:delete') && {
                  label: 'Delete',
                  danger: true,
                  act: () =>
                    confirmed(
                      `Delete ${name}?`,
                      'It is gone from every list. It can be restored until its bytes are removed.',
                      'Delete',
                      () => remove.mutate(),
                    ),
                },
            ]}
          />
        </>
      }
    >
      {data.error && (
        <Alert
          color="red"
          variant="light"
          mb="md"
          title={data.status === 'rejected' ? 'It is no recording' : 'It could not be made playable'}
        >
          {data.error}
        </Alert>
      )}
      {waiting[data.status] && (
        <Alert variant="light" mb="md" role="status">
          {waiting[data.status]}
        </Alert>
      )}
      {data.renditions.length > 0 && data.status !== 'deleted' && (
        <Suspense fallback={<Skeleton h={200} mb="md" />}>
          <Player upload={data} playhead={playhead} />
        </Suspense>
      )}
      <Findings upload={data} playhead={playhead} />
      <Details
        of={[
          ['Length', data.duration_ms === null ? undefined : duration(data.duration_ms)],
          ['Size', bytes(data.size_bytes)],
          ['Recorded', <Time key="r" at={data.recorded_at} />],
          ['Came in', <Time key="c" at={data.created_at} />],
          ['Facility', facilityName(data.facility_id)],
          [
            'Sound',
            data.sample_rate_hz === null
              ? undefined
              : `${data.sample_rate_hz / 1000} kHz, ${data.channels === 1 ? 'mono' : `${data.channels} channels`}`,
          ],
          ['Loudness', data.loudness_lufs === null ? undefined : `${data.loudness_lufs.toFixed(1)} LUFS`],
          ['File', data.file_name],
        ]}
      />
      {data.notes && (
        <Card withBorder mb="md">
          <Text style={{ whiteSpace: 'pre-wrap' }}>{data.notes}</Text>
        </Card>
      )}
      {tags.length > 0 && (
        <MultiSelect
          mb="md"
          label="Tags"
          data={tags.map(({ id, name }) => ({ value: id, label: name }))}
          value={marks.filter((id) => listed.includes(id))}
          onChange={(chosen) => mark.mutate(markedWith(chosen, { listed, before: marks }))}
          readOnly={!mine}
          searchable
        />
      )}
      <Renditions of={data.renditions} />
      <JobsOf uploadId={id} />
      <LineageOf id={id} />
      <History path={path} id={id} />
      {editing && (
        <FormDialog
          title="Edit recording"
          fields={[
            { name: 'title', label: 'Title' },
            { name: 'notes', label: 'Notes', kind: 'lines' },
          ]}
          {...editing.saving(change)}
        />
      )}
    </Page>
  )
}
