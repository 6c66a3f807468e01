import { Button, Group, Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ApiError, wordsOf } from './api/problem.ts'

export const told = (message: string) => notifications.show({ message, color: 'teal' })

export function complain(error: unknown): void {
  const id = error instanceof ApiError ? error.requestId : undefined
  notifications.show({
    title: wordsOf(error),
    message: id ? `Request ${id}` : '',
    color: 'red',
    autoClose: 10_000,
  })
}

/** Somebody else has changed it since it was read: what is there now, or what was typed here, whichever the person says. */
function askWhich(again: (() => void) | undefined, readAnew: () => void) {
  const id = modals.open({
    title: 'Somebody else has changed this',
    children: (
      <>
        <Text mb="md">It has changed since you opened it. Nothing of yours has been saved.</Text>
        <Group justify="flex-end">
          {again && (
            <Button variant="default" onClick={() => (modals.close(id), again())}>
              Save mine over it
            </Button>
          )}
          <Button onClick={() => (modals.close(id), readAnew())}>Show what is there now</Button>
        </Group>
      </>
    ),
  })
}

/**
 * A change: when it is done all that is shown is read anew, which sees it (see `consistently`), and it says so; where it is refused, why.
 * @param overwrite does it whatever has happened meanwhile, for changes that go by a revision
 */
export function useAction<Input = void, Result = unknown>(
  act: (input: Input) => Promise<Result>,
  {
    done,
    onDone,
    onRefused,
    overwrite,
  }: {
    done?: string
    onDone?: (result: Result) => void
    /** True where it was shown, in a form, what is wrong. */
    onRefused?: (error: unknown) => boolean
    overwrite?: (input: Input) => Promise<Result>
  } = {},
) {
  const queries = useQueryClient()
  const finished = (result: Result) => {
    if (done) told(done)
    onDone?.(result)
    return queries.invalidateQueries()
  }
  return useMutation({
    mutationFn: act,
    onSuccess: (result) => void finished(result),
    onError: (error, input) => {
      if (error instanceof ApiError && error.code === 'revision_conflict')
        return askWhich(
          overwrite && (() => void overwrite(input).then(finished, complain)),
          () => void queries.invalidateQueries(),
        )
      if (!onRefused?.(error)) complain(error)
    },
  })
}

/** Asks before what cannot be taken back. */
export function confirmed(title: string, what: string, label: string, act: () => void): void {
  modals.openConfirmModal({
    title,
    children: <Text>{what}</Text>,
    labels: { confirm: label, cancel: 'Cancel' },
    confirmProps: { color: 'red' },
    onConfirm: act,
  })
}
