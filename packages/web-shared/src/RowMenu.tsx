import { ActionIcon, Menu } from '@mantine/core'

export interface RowAction {
  label: string
  act: () => void
  danger?: boolean
}

/** What can be done to a row. Nothing where there is nothing. */
export function RowMenu({ of, actions }: { of: string; actions: readonly (RowAction | false | undefined)[] }) {
  const there = actions.filter((one): one is RowAction => Boolean(one))
  if (there.length === 0) return null
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${of}`}>
          <span aria-hidden>⋯</span>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {there.map(({ label, act, danger }) => (
          <Menu.Item
            key={label}
            onClick={act}
            {...(danger && { c: 'light-dark(var(--mantine-color-red-9), var(--mantine-color-red-3))' })}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
