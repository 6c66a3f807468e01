import { Group, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { type ReactNode, useState } from 'react'
import { useFacilities } from './facilities.ts'
import type { List } from './useList.ts'
import { useMe } from './useSession.ts'
import { spaced } from './words.ts'

export interface Choice {
  name: string
  label: string
  /** Words of the API, or with labels of their own. */
  of: readonly (string | { value: string; label: string })[]
}

/** What a list is narrowed down by; in the URL. Those who see several facilities choose among them. */
export function Filters({
  list,
  search,
  choices = [],
  facility = false,
  children,
}: {
  list: List
  search?: string
  choices?: readonly Choice[]
  facility?: boolean
  /** More of them. */
  children?: ReactNode
}) {
  const [text, setText] = useState(list.value('q') ?? '')
  const ask = useDebouncedCallback((q: string) => list.set({ q: q.trim() || undefined }), 300)
  const { role } = useMe()
  const choosesFacility = facility && role === 'super_admin'
  const { data: facilities } = useFacilities(choosesFacility)
  const all = [
    ...(choosesFacility && facilities && facilities.items.length > 1
      ? [
          {
            name: 'facility_id',
            label: 'Facility',
            of: facilities.items.map(({ id, name }) => ({ value: id, label: name })),
          },
        ]
      : []),
    ...choices,
  ]
  if (!search && !children && all.length === 0) return null
  return (
    <Group mb="md" gap="sm" role="search" aria-label="Filters">
      {search && (
        <TextInput
          aria-label={search}
          placeholder={search}
          type="search"
          value={text}
          onChange={({ currentTarget: { value } }) => (setText(value), ask(value))}
          style={{ flex: '1 1 220px', maxWidth: 360 }}
        />
      )}
      {all.map(({ name, label, of }) => (
        <Select
          key={name}
          aria-label={label}
          placeholder={label}
          clearable
          clearButtonProps={{ 'aria-label': `Clear ${label}` }}
          searchable={of.length > 8}
          data={of.map((one) => (typeof one === 'string' ? { value: one, label: spaced(one) } : one))}
          value={list.value(name) ?? null}
          onChange={(value) => list.set({ [name]: value ?? undefined })}
          style={{ flex: '1 1 120px', maxWidth: 180 }}
        />
      ))}
      {children}
    </Group>
  )
}
