import { Code, List, Skeleton, Text, Timeline } from '@mantine/core'
import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { bytes, spaced } from '@xylolabs/web-shared/words.ts'
import { Hash } from './Hash.tsx'
import { formats } from './Made.tsx'
import { labelOf } from './models.ts'
import { Section } from '@xylolabs/web-shared/Section.tsx'

type Lineage = Schemas['Lineage']
type Job = Lineage['jobs'][number]
type Inference = Lineage['inferences'][number]

const nameOf = ({ name, kind }: Lineage['upload']['actor']) => name ?? spaced(kind).toLowerCase()

/** Who or what led to a job, and what became of it. */
function Why({ of: { because_of, requested_by, requested, attempts, status, finished } }: { of: Job | Inference }) {
  return (
    <Text size="sm" c="dimmed" component="div">
      {because_of ? `By itself, after “${spaced(because_of.type).toLowerCase()}”` : `For ${nameOf(requested_by)}`},{' '}
      <Time at={requested.at} />. {status === 'open' ? 'Not over yet' : spaced(status)}
      {finished?.at && (
        <>
          {' '}
          <Time at={finished.at} />
        </>
      )}
      {attempts > 1 && `, in ${attempts} attempts`}.
    </Text>
  )
}

const outputName = ({ kind, format }: Job['outputs'][number]) =>
  kind === 'peaks' ? 'Waveform' : (formats[format as keyof typeof formats] ?? format ?? 'Rendition')

function Outputs({ of }: { of: Job['outputs'] }) {
  return (
    <List size="sm" withPadding>
      {of.map((output, i) => (
        <List.Item key={i}>
          {outputName(output)}
          {output.bitrate !== undefined && `, ${Math.round(output.bitrate / 1000)} kbit/s`}
          {output.size_bytes !== undefined && `, ${bytes(output.size_bytes)}`}
          {!output.is_current && ' (replaced since)'}
          {output.sha256 && <Hash of={outputName(output)} sha256={output.sha256} />}
        </List.Item>
      ))}
    </List>
  )
}

/** By what a result was found, so that it can be found again. */
function Means({ of, server, original }: { of: Inference; server: string; original: string }) {
  const { made, params, model } = of
  const given = Object.entries(params ?? {}).map(([name, value]) => `${spaced(name)} ${JSON.stringify(value)}`)
  return (
    <>
      <Text size="sm">
        {server}
        {given.length > 0 && `, with ${given.join(', ')}`}
        {of.rerun_of && ', held against the result before it'}.
      </Text>
      {made && (
        <>
          <Text size="sm" mt={4}>
            {made.input_sha256 === original ? 'The original' : 'These bytes'}, as ffmpeg gave it to the model:
          </Text>
          {made.input_sha256 !== original && <Hash of={`what ${model} listened to`} sha256={made.input_sha256} />}
          <Code block mt={4} tabIndex={0} aria-label="Arguments of ffmpeg" style={{ whiteSpace: 'pre-wrap' }}>
            {made.ffmpeg.join(' ')}
          </Code>
          <Text size="sm" mt={4}>
            The result:
          </Text>
          <Hash of={`the result of ${model}`} sha256={made.output_sha256} />
        </>
      )}
    </>
  )
}

/** Where everything that was made of a recording comes from: what, of what, by which means, for whom. */
export function LineageOf({ id }: { id: string }) {
  const { data, error, refetch } = useGet('/api/v1/uploads/{id}/lineage', { path: { id } }, { changes: true })
  const may = useMay()
  const servers = useGet('/api/v1/gpu-servers', { query: { per_page: 100 } }, { enabled: may('gpu-server:read') })
  const serverOf = ({ server_id, attempts }: Inference) => {
    if (server_id === null) return attempts === 0 ? 'Not begun' : 'By the worker itself'
    const name = servers.data?.items.find((one) => one.id === server_id)?.name
    return `On the server ${name ?? server_id.slice(0, 8)}`
  }
  if (error && !data)
    return (
      <Section title="Lineage">
        <Failure error={error} again={() => void refetch()} />
      </Section>
    )
  if (!data) return <Skeleton h={120} mb="md" />
  const { upload, jobs, inferences } = data
  return (
    <Section title="Lineage" about="What was made of what, by which means, and for whom">
      <Timeline bulletSize={14} lineWidth={2} active={1 + jobs.length + inferences.length}>
        <Timeline.Item title={upload.file_name}>
          <Text size="sm" c="dimmed" component="div">
            Sent by {nameOf(upload.actor)}, <Time at={upload.event.at} />. {upload.content_type},{' '}
            {bytes(upload.size_bytes)}.
          </Text>
          <Hash of={upload.file_name} sha256={upload.sha256} />
        </Timeline.Item>
        {jobs.map((job) => (
          <Timeline.Item key={job.id} title="Made playable">
            <Why of={job} />
            <Outputs of={job.outputs} />
          </Timeline.Item>
        ))}
        {inferences.map((one) => (
          <Timeline.Item
            key={one.id}
            title={`${labelOf(one.model)}: ${one.model}${one.model_version === null ? '' : ` ${one.model_version}`}`}
          >
            <Why of={one} />
            <Means of={one} server={serverOf(one)} original={upload.sha256} />
          </Timeline.Item>
        ))}
      </Timeline>
    </Section>
  )
}
