import { api, answer } from '@xylolabs/web-shared/api/client.ts'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { type Model, models } from './models.ts'

const all = Object.entries(models) as [Model, (typeof models)[Model]][]
/** Parameters of different models may have the same name. The server names what is wrong as `params.<name>`. */
const params = all.flatMap(([model, { params }]) =>
  params.map((field) => ({
    ...field,
    kind: 'number' as const,
    name: `params.${field.name}`,
    when: (values: Record<string, unknown>) => values['model'] === model,
  })),
)
const prefix = 'params.'

function asked(upload_id: string, { model, model_version, priority, ...rest }: Record<string, any>) {
  const given = Object.entries(rest).map(([name, value]) => [name.slice(prefix.length), value] as const)
  return {
    upload_id,
    ...{ model: model as Model, priority: priority as 'low' | 'normal' | 'high' },
    ...(model_version && { model_version: model_version as string }),
    ...(given.length > 0 && { params: Object.fromEntries(given) as Record<string, unknown> }),
  }
}

/** Has a model listen to a recording. */
export function AskDialog({ uploadId, onClose }: { uploadId: string; onClose: () => void }) {
  return (
    <FormDialog
      title="Have a model listen"
      label="Ask"
      fields={[
        {
          ...{ name: 'model', label: 'Model', kind: 'choice', required: true },
          data: all.map(([value, { label }]) => ({ value, label: `${label} (${value})` })),
        },
        { name: 'model_version', label: 'Version', description: 'Whichever there is, unless you say' },
        {
          ...{ name: 'priority', label: 'Priority', kind: 'choice', required: true },
          data: [
            { value: 'high', label: 'Before all others of the facility' },
            { value: 'normal', label: 'Normal' },
            { value: 'low', label: 'When there is nothing else to do' },
          ],
        },
        ...params,
      ]}
      initial={{ model: all[0]![0], priority: 'normal' }}
      onSubmit={(values) => answer(api.POST('/api/v1/inference-jobs', { body: asked(uploadId, values) }))}
      done="Asked. What it finds is shown here as soon as it has."
      onClose={onClose}
    />
  )
}

/** Has a model listen again, as it was asked the last time, in this version or another. */
export function AgainDialog({
  uploadId,
  model,
  version,
  onClose,
}: {
  uploadId: string
  model: Model
  version: string
  onClose: () => void
}) {
  return (
    <FormDialog
      title={`${models[model].label}: run again`}
      intro="With the parameters of the last time. What it finds is held against what was found then."
      label="Run again"
      fields={[{ name: 'model_version', label: 'Version', required: true, description: `The last was ${version}` }]}
      initial={{ model_version: version }}
      onSubmit={({ model_version }) =>
        answer(
          api.POST('/api/v1/uploads/{id}/inference/rerun', {
            params: { path: { id: uploadId } },
            body: { model, model_version: model_version as string },
          }),
        )
      }
      done="Asked. What is different is shown here as soon as it has listened."
      onClose={onClose}
    />
  )
}
