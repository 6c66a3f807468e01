import { Alert, Button, Center, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { type FormEvent, type ReactNode, useEffect, useState } from 'react'
import { session } from './api/client.ts'
import { ApiError, wordsOf } from './api/problem.ts'

/** The one form in the middle of a page; says what is wrong where it was. */
function FormPage({
  title,
  intro,
  label,
  notice,
  onSubmit,
  children,
}: {
  title: string
  intro?: string
  label: string
  notice?: string | undefined
  onSubmit: () => Promise<void>
  children: ReactNode
}) {
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    document.title = `${title} · Xylolabs`
  }, [title])
  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    await onSubmit().catch((failure: unknown) => setError(wordsOf(failure)))
    setBusy(false)
  }
  return (
    <Center mih="100dvh" p="md" component="main">
      <Paper withBorder shadow="sm" p="xl" w="100%" maw={400}>
        <form onSubmit={(event) => void submit(event)}>
          <Stack>
            <div>
              <Text size="sm" c="dimmed">
                Xylolabs
              </Text>
              <Title order={1} size="h2">
                {title}
              </Title>
            </div>
            {intro && <Text size="sm">{intro}</Text>}
            {notice && !error && <Alert variant="light">{notice}</Alert>}
            {error && (
              <Alert color="red" variant="light" role="alert">
                {error}
              </Alert>
            )}
            {children}
            <Button type="submit" loading={busy} fullWidth>
              {label}
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  )
}

export function LoginPage({ title, ended }: { title: string; ended: boolean }) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  return (
    <FormPage
      title={title}
      label="Log in"
      notice={ended ? 'Your session has ended. Log in again, and you are back where you were.' : undefined}
      onSubmit={() => session.login(email, password)}
    >
      <TextInput
        label="E-mail"
        type="email"
        autoComplete="username"
        required

        withAsterisk={false}
        autoFocus
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        autoComplete="current-password"
        required

        withAsterisk={false}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
    </FormPage>
  )
}

/** Before anything else, for whoever has a password that somebody else knows. */
export function FirstPasswordPage() {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [again, setAgain] = useState('')
  async function change() {
    if (next !== again)
      throw new ApiError({ title: '', status: 400, code: 'differs', detail: 'The new passwords differ' })
    await session.changePassword(current, next)
  }
  return (
    <FormPage
      title="Choose your password"
      intro="The one you have is known to whoever made your account. Choose one of your own, of at least 12 characters."
      label="Change password"
      onSubmit={change}
    >
      <PasswordInput
        label="Current password"
        autoComplete="current-password"
        required

        withAsterisk={false}
        autoFocus
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
      />
      <PasswordInput
        label="New password"
        autoComplete="new-password"
        required

        withAsterisk={false}
        value={next}
        onChange={(event) => setNext(event.currentTarget.value)}
      />
      <PasswordInput
        label="New password again"
        autoComplete="new-password"
        required

        withAsterisk={false}
        value={again}
        onChange={(event) => setAgain(event.currentTarget.value)}
      />
      <Button variant="default" onClick={() => void session.logout()}>
        Log out
      </Button>
    </FormPage>
  )
}
