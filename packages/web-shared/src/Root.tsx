import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import './style.css'
import { MantineProvider } from '@mantine/core'
import { ModalsProvider } from '@mantine/modals'
import { Notifications } from '@mantine/notifications'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode, useEffect, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { session } from './api/client.ts'
import { ApiError, isPassing } from './api/problem.ts'
import { theme } from './theme.ts'
import { useSession } from './useSession.ts'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (failures, error) => isPassing(error) && failures < 4,
      retryDelay: (failures, error) =>
        error instanceof ApiError && error.retryAfterSecs
          ? error.retryAfterSecs * 1000
          : Math.min(500 * 2 ** failures, 8_000),
    },
  },
})

/** What somebody else sees next is nothing of what was read before. */
function Forgetting({ children }: { children: ReactNode }) {
  const state = useSession()
  const user = state.status === 'open' ? state.user.id : undefined
  useEffect(() => () => queries.clear(), [user])
  return children
}

export function show(page: ReactNode): void {
  void session.restore()
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <MantineProvider theme={theme} defaultColorScheme="auto">
          <ModalsProvider modalProps={{ centered: true }}>
            <Notifications position="bottom-right" autoClose={4000} />
            <Forgetting>{page}</Forgetting>
          </ModalsProvider>
        </MantineProvider>
      </QueryClientProvider>
    </StrictMode>,
  )
}
