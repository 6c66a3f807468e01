import { Button, Code, Skeleton, Text } from '@mantine/core'
import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { lazy, Suspense, useState } from 'react'
import { AgainDialog, AskDialog } from './Asking.tsx'
import { DiffOf } from './Diff.tsx'
import { useFindings, useJobs, useResult } from './findings.ts'
import { InferenceJobs } from './InferenceJobs.tsx'
import { levelsIn } from './levels.ts'
import { isKnown, labelOf, models, telling } from './models.ts'
import type { Playhead } from './playhead.ts'
import { Section } from '@xylolabs/web-shared/Section.tsx'
import { Segments } from './Segments.tsx'
import { segmentsIn } from './segments.ts'

type Upload = Schemas['Upload']
type Result = Schemas['InferenceResult']

const Levels = lazy(() => import('./Levels.tsx').then((module) => ({ default: module.Levels })))

function Found({ of, upload, playhead }: { of: Result; upload: Upload; playhead: Playhead }) {
  const { data, error, refetch } = useResult(of)
  if (error) return <Failure error={error} again={() => void refetch()} />
  if (data === undefined) return <Skeleton h={60} />
  const levels = levelsIn(data)
  if (levels)
    return (
      <Suspense fallback={<Skeleton h={240} />}>
        <Levels of={levels} playhead={playhead} />
      </Suspense>
    )
  if (Array.isArray((data as { segments?: unknown }).segments))
    return <Segments of={segmentsIn(data)} secs={(upload.duration_ms ?? 0) / 1000} playhead={playhead} />
  return (
    <Code block tabIndex={0} mah={300} aria-label="What it found" style={{ overflow: 'auto' }}>
      {JSON.stringify(data, null, 2)}
    </Code>
  )
}

interface Heard {
  upload: Upload
  model: string
  results: readonly Result[]
  jobs: readonly Schemas['InferenceJob'][]
  playhead: Playhead
}

/** What one model found last, and what became of it when it was asked since. */
function ModelOf({ upload, model, results, jobs, playhead }: Heard) {
  const [isAgain, setAgain] = useState(false)
  const may = useMay()
  const [newest] = results
  const job = jobs.find(({ id }) => id === newest?.job_id)
  return (
    <Section
      title={labelOf(model)}
      about={
        newest && (
          <>
            {model} {newest.model_version}, <Time at={newest.finished_at} />
          </>
        )
      }
      actions={
        newest &&
        isKnown(model) &&
        upload.status !== 'deleted' &&
        may('inference-job:create') && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`${labelOf(model)}: run again`}
            onClick={() => setAgain(true)}
          >
            Run again…
          </Button>
        )
      }
    >
      {newest && <Found of={newest} upload={upload} playhead={playhead} />}
      {job?.rerun_of && <DiffOf jobId={job.id} />}
      <InferenceJobs of={telling(jobs, newest?.finished_at)} />
      {isAgain && newest && isKnown(model) && (
        <AgainDialog
          uploadId={upload.id}
          model={model}
          version={newest.model_version}
          onClose={() => setAgain(false)}
        />
      )}
    </Section>
  )
}

/** What models found in a recording, and the way to ask one. */
export function Findings({ upload, playhead }: { upload: Upload; playhead: Playhead }) {
  const [isAsking, setAsking] = useState(false)
  const may = useMay()
  const found = useFindings(upload.id)
  const jobs = useJobs(upload.id)
  const error = found.error ?? jobs.error
  if (error && !(found.data && jobs.data))
    return (
      <Section title="Models">
        <Failure error={error} again={() => void Promise.all([found.refetch(), jobs.refetch()])} />
      </Section>
    )
  if (!found.data || !jobs.data) return <Skeleton h={120} mb="md" />
  const results = new Map(found.data.items.map((one) => [one.model, one.results]))
  const asked = jobs.data.items.map(({ model }) => model)
  const known = [...Object.keys(models), ...results.keys(), ...asked]
  const heard = [...new Set(known)]
    .map((model) => ({
      ...{ model, results: results.get(model) ?? [] },
      jobs: jobs.data.items.filter((job) => job.model === model),
    }))
    .filter(({ results, jobs }) => results.length > 0 || telling(jobs, undefined).length > 0)
  const mayAsk = may('inference-job:create') && !['deleted', 'rejected'].includes(upload.status)
  return (
    <>
      {heard.map((one) => (
        <ModelOf key={one.model} {...one} upload={upload} playhead={playhead} />
      ))}
      {(mayAsk || heard.length === 0) && (
        <Section
          title="Models"
          about={
            heard.length === 0
              ? 'No model has listened to this recording yet.'
              : 'They listen by themselves where a facility’s settings say so, and whenever they are asked.'
          }
          actions={mayAsk && <Button onClick={() => setAsking(true)}>Ask a model…</Button>}
        >
          {mayAsk && (
            <Text size="sm">
              {Object.values(models)
                .map(({ label, about }) => `${label}: ${about.charAt(0).toLowerCase()}${about.slice(1)}`)
                .join(' ')}
            </Text>
          )}
        </Section>
      )}
      {isAsking && <AskDialog uploadId={upload.id} onClose={() => setAsking(false)} />}
    </>
  )
}
