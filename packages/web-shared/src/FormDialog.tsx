import {
  Button,
  FileInput,
  Group,
  Modal,
  MultiSelect,
  NumberInput,
  PasswordInput,
  Select,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { ApiError } from './api/problem.ts'
import { useAction } from './useAction.tsx'

type Data = readonly { value: string; label: string }[]

export interface Field {
  name: string
  label: string
  kind?: 'text' | 'lines' | 'password' | 'number' | 'choice' | 'choices' | 'file' | 'switch' | 'email' | 'time'
  required?: boolean
  description?: string
  data?: Data
  /** Whether it is asked for, by what was chosen before. */
  when?: (values: Record<string, any>) => boolean
}

/**
 * Asks for these fields and does something with them. What the server finds wrong with one is shown at that one.
 * @param onSubmit gets the fields that are filled in
 */
export function FormDialog<Result>({
  title,
  intro,
  fields,
  initial = {},
  label,
  onSubmit,
  overwrite,
  done,
  onDone,
  onClose,
  keepOpen = false,
}: {
  title: string
  intro?: ReactNode
  fields: readonly Field[]
  initial?: Readonly<Record<string, unknown>>
  label: string
  onSubmit: (values: Record<string, any>) => Promise<Result>
  overwrite?: (values: Record<string, any>) => Promise<Result>
  done?: string
  onDone?: (result: Result) => void
  onClose: () => void
  /** Something else takes its place when it is done. */
  keepOpen?: boolean
}) {
  const [values, setValues] = useState<Record<string, any>>({ ...initial })
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({})
  const shown = fields.filter(({ when }) => !when || when(values))
  const action = useAction(onSubmit, {
    ...(done && { done }),
    onDone: (result) => {
      if (!keepOpen) onClose()
      onDone?.(result)
    },
    onRefused: (error) => {
      const found = error instanceof ApiError ? error.fields : {}
      setErrors(found)
      return shown.some(({ name }) => found[name] !== undefined)
    },
    ...(overwrite && { overwrite }),
  })
  const filled = () =>
    Object.fromEntries(
      shown
        .map(({ name }) => [name, values[name]] as const)
        .filter(([, value]) => value !== undefined && value !== '' && value !== null),
    )
  function submit(event: FormEvent) {
    event.preventDefault()
    const missing = shown.filter(
      ({ name, required }) => required && (filled()[name] === undefined || filled()[name].length === 0),
    )
    setErrors(Object.fromEntries(missing.map(({ name, label }) => [name, `${label} is needed`])))
    if (missing.length === 0) action.mutate(filled())
  }
  const set = (name: string, value: unknown) => setValues((before) => ({ ...before, [name]: value }))

  function input({ name, label, kind = 'text', required, description, data = [] }: Field, first: boolean) {
    const about = {
      ...{ key: name, label, description, error: errors[name], withAsterisk: required ?? false },
      ...(first && { 'data-autofocus': true }),
    }
    const text = { value: values[name] ?? '', onChange: (event: any) => set(name, event.currentTarget.value) }
    const { key, ...rest } = about
    switch (kind) {
      case 'lines':
        return <Textarea key={key} {...rest} {...text} autosize minRows={3} maxRows={10} />
      case 'password':
        return <PasswordInput key={key} {...rest} {...text} autoComplete="new-password" />
      case 'number':
        return <NumberInput key={key} {...rest} value={values[name] ?? ''} onChange={(value) => set(name, value)} />
      case 'choice':
        return (
          <Select
            key={key}
            {...rest}
            data={data}
            value={values[name] ?? null}
            onChange={(value) => set(name, value)}
            searchable={data.length > 8}
            clearable={!required}
          />
        )
      case 'choices':
        return (
          <MultiSelect
            key={key}
            {...rest}
            data={data}
            value={values[name] ?? []}
            onChange={(value) => set(name, value)}
          />
        )
      case 'file':
        return (
          <FileInput
            key={key}
            {...rest}
            value={values[name] ?? null}
            onChange={(value) => set(name, value)}
            placeholder="Choose a file"
          />
        )
      case 'switch':
        return (
          <Switch
            key={key}
            label={label}
            description={description}
            checked={Boolean(values[name])}
            onChange={(event) => set(name, event.currentTarget.checked)}
          />
        )
      case 'time':
        return <TextInput key={key} {...rest} {...text} type="datetime-local" />
      default:
        return <TextInput key={key} {...rest} {...text} type={kind} autoComplete="off" />
    }
  }

  return (
    <Modal opened onClose={onClose} title={title} centered>
      <form onSubmit={submit} noValidate aria-label={title}>
        <Stack>
          {intro && (
            <Text size="sm" component="div">
              {intro}
            </Text>
          )}
          {shown.map((field, i) => input(field, i === 0))}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={action.isPending}>
              {label}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
