import type { components, paths } from '@xylolabs/web-shared/api/schema.ts'

type InferenceJob = components['schemas']['InferenceJob']
export type Model = paths['/api/v1/inference-jobs']['post']['requestBody']['content']['application/json']['model']

interface About {
  label: string
  about: string
  /** Numbers that it can be asked with; the server says what it takes. */
  params: readonly { name: string; label: string; description: string }[]
}

/** Every model that can be asked, by name. */
export const models: Readonly<Record<Model, About>> = {
  'silero-vad': {
    label: 'Speech',
    about: 'Finds where somebody speaks.',
    params: [
      { name: 'threshold', label: 'Threshold', description: '0.05 to 0.95; 0.5 unless you say' },
      { name: 'min_speech_ms', label: 'Shortest speech, ms', description: '250 unless you say' },
      { name: 'min_silence_ms', label: 'Shortest pause, ms', description: '100 unless you say' },
      { name: 'speech_pad_ms', label: 'Widened by, ms', description: '30 unless you say' },
    ],
  },
  'sound-levels': { label: 'Sound levels', about: 'Measures how loud it is, second by second.', params: [] },
}

/** A result may be of a model that this page does not know. */
export const labelOf = (model: string): string => models[model as Model]?.label ?? model

export const isKnown = (model: string): model is Model => Object.hasOwn(models, model)

type Job = Pick<InferenceJob, 'status' | 'finished_at'>

/** Of these jobs, the newest first, those that say something that no result says: open, or ended without one since the newest result. */
export const telling = <One extends Job>(jobs: readonly One[], newestResultAt: string | undefined): One[] => {
  const isOpen = ({ status }: Job) => status === 'queued' || status === 'running'
  const isSince = ({ finished_at }: Job) =>
    newestResultAt === undefined || Date.parse(finished_at ?? '') > Date.parse(newestResultAt)
  const lastEnded = jobs.find((job) => !isOpen(job) && job.status !== 'succeeded' && isSince(job))
  return jobs.filter((job) => isOpen(job) || job === lastEnded)
}

/** Why a job waits, in words. */
export function whyWaiting({
  waiting_for,
  position_in_queue: place,
}: Pick<InferenceJob, 'waiting_for' | 'position_in_queue'>): string {
  const before = place === null ? '' : place === 1 ? 'The next in line. ' : `Number ${place} in line. `
  if (waiting_for === 'server')
    return `${before}No healthy server has its model: it waits, and goes on by itself as soon as one has.`
  return `${before}It waits for its turn.`
}

/** `segments.3.end_secs` → `Segments 4, end secs`: where in a result something differs. */
export const placeIn = (path: string): string => {
  const words = path
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? String(Number(part) + 1) : part.replaceAll('_', ' ')))
    .join(' ')
  return words === '' ? 'All of it' : words.charAt(0).toUpperCase() + words.slice(1)
}
