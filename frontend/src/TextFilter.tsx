import { TextInput } from '@mantine/core'
import type { List } from '@xylolabs/web-shared/useList.ts'

/** A filter that is typed, and asked for when it is left or Enter is pressed. */
export function TextFilter({
  list,
  name,
  label,
  placeholder,
}: {
  list: List
  name: string
  label: string
  placeholder: string
}) {
  const now = list.value(name) ?? ''
  const ask = (value: string) => value.trim() !== now && list.set({ [name]: value.trim() || undefined })
  return (
    <TextInput
      label={label}
      placeholder={placeholder}
      defaultValue={now}
      key={`${name} ${now}`}
      onKeyDown={({ key, currentTarget: { value } }) => key === 'Enter' && ask(value)}
      onBlur={({ currentTarget: { value } }) => ask(value)}
    />
  )
}
