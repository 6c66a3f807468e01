import { Badge } from '@mantine/core'
import { spaced } from './words.ts'

const colours: Readonly<Record<string, string>> = {
  ...{
    active: 'teal',
    live: 'teal',
    ready: 'teal',
    succeeded: 'teal',
    completed: 'teal',
    published: 'teal',
    open: 'teal',
  },
  ...{ installed: 'teal', online: 'teal', enabled: 'teal', up: 'teal' },
  ...{ running: 'blue', transcoding: 'blue', building: 'blue', verifying: 'blue', received: 'blue', queued: 'blue' },
  ...{ failed: 'red', rejected: 'red', halted: 'red', stopped: 'red', revoked: 'red', withdrawn: 'red', erased: 'red' },
  ...{ down: 'red' },
  ...{ paused: 'orange', rolled_back: 'orange' },
}

/** Said in words, not by its colour alone. */
export function Status({ of }: { of: string }) {
  const colour = colours[of] ?? 'gray'
  return (
    <Badge
      variant="light"
      radius="sm"
      style={{
        minWidth: 'max-content',
        color: `light-dark(color-mix(in srgb, var(--mantine-color-${colour}-9), black 30%), var(--mantine-color-${colour}-2))`,
      }}
      color={colour}
      tt="none"
    >
      {spaced(of)}
    </Badge>
  )
}
