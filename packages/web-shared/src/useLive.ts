import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { send } from './api/client.ts'
import { followLive } from './api/live.ts'
import { setLiveState } from './useGet.ts'

/** Which lists show something of a resource: parts of the paths that they are read from. */
const shownIn: Readonly<Record<string, readonly string[]>> = {
  facility: ['/facilities'],
  user: ['/users', '/auth/me'],
  apiKey: ['/api-keys'],
  device: ['/devices', '/firmware/'],
  firmwareRelease: ['/firmware'],
  firmwareChannel: ['/firmware'],
  firmwareKey: ['/firmware/keys'],
  upload: ['/uploads', '/stats'],
  transcodeJob: ['/transcode-jobs', '/uploads', '/stats'],
  inferenceJob: ['/inference', '/uploads'],
  gpuServer: ['/gpu-servers'],
  tag: ['/tags', '/uploads'],
  settings: ['/settings'],
}
/** What shows the log itself, as long as it can become more. */
const logPaths: ReadonlySet<unknown> = new Set(['/api/v1/events', '/api/v1/events/streams/{name}'])
/** So many changes at once are read once. */
const gatheringMs = 60

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const over = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', over)
      resolve()
    }
    const timer = setTimeout(over, ms)
    signal.addEventListener('abort', over)
  })

/** How far the transcoding of a recording is, from 0 to 1. */
export const progressKey = (uploadId: string) => ['progress', uploadId]

/** Reads anew what the server says has changed, for as long as it is on the page. */
export function useLive(): void {
  const queries = useQueryClient()
  useEffect(() => {
    const stop = new AbortController()
    const parts = new Set<string>()
    let timer: ReturnType<typeof setTimeout> | undefined
    function readAnew() {
      timer = undefined
      const changed = [...parts]
      parts.clear()
      void queries.invalidateQueries({
        predicate: ({ queryKey: [path] }) => typeof path === 'string' && changed.some((part) => path.includes(part)),
      })
    }
    void followLive({
      send,
      url: `${location.origin}/api/v1/live`,
      on: ({ event, data }) => {
        const told = JSON.parse(data) as { resource?: string; upload_id?: string; done?: number }
        if (event === 'progress' && told.upload_id) {
          queries.setQueryData(progressKey(told.upload_id), told.done)
          return
        }
        if (event === 'log') {
          void queries.invalidateQueries({
            predicate: ({ queryKey: [path], meta }) => logPaths.has(path) && meta?.['changes'] === true,
          })
          return
        }
        for (const part of shownIn[told.resource ?? ''] ?? []) parts.add(part)
        timer ??= setTimeout(readAnew, gatheringMs)
      },
      // All that is read of the API; what is playing goes on.
      onReset: () =>
        void queries.invalidateQueries({ predicate: ({ queryKey: [path] }) => String(path).startsWith('/api/') }),
      onState: setLiveState,
      wait: pause,
      after: (ms, act) => {
        const timer = setTimeout(act, ms)
        return () => clearTimeout(timer)
      },
      signal: stop.signal,
    })
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [queries])
}
