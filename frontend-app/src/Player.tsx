import { Alert, Button, Card, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api, answer, bytesAt, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { wordsOf } from '@xylolabs/web-shared/api/problem.ts'
import { useSpeech } from './findings.ts'
import type { Playhead } from './playhead.ts'
import { Wave } from './Wave.tsx'

type Upload = Schemas['Upload']

/** As workers store them: a lowest and a highest per pixel, of this many bits. */
interface Peaks {
  bits: number
  length: number
  data: readonly number[]
}

const mostPixels = 4000
const mediaTypes = { webm: 'audio/webm; codecs=opus', mp4: 'audio/mp4; codecs=mp4a.40.2' } as const
type Format = keyof typeof mediaTypes

/** From −1 to 1, one for so many pixels that no more than are looked at are drawn. */
export function levelsOf({ bits, length, data }: Peaks): number[] {
  const full = 2 ** (bits - 1)
  const step = Math.max(1, Math.ceil(length / mostPixels))
  return Array.from({ length: Math.ceil(length / step) }, (_, pixel) => {
    const part = data.slice(2 * pixel * step, 2 * (pixel + 1) * step)
    return part.reduce((highest, level) => Math.max(highest, Math.abs(level)), 0) / full
  })
}

/** The first of what there is that this browser plays. */
function formatOf({ renditions }: Upload): Format | undefined {
  const audio = document.createElement('audio')
  const there = renditions.map(({ format }) => (format === 'opus-webm' ? 'webm' : 'mp4'))
  return (['webm', 'mp4'] as const).find(
    (format) => there.includes(format) && audio.canPlayType(mediaTypes[format]) !== '',
  )
}

/** A signed address, which an audio element can seek in. */
async function sourceOf(id: string, format: Format): Promise<string> {
  const asked = api.POST('/api/v1/uploads/{id}/playback-url', { params: { path: { id } }, body: { format } })
  return new URL((await answer(asked)).url, location.origin).href
}

/** Plays what became of a recording, over its waveform with what is speech in it. */
export function Player({ upload, playhead }: { upload: Upload; playhead: Playhead }) {
  const { id } = upload
  const segments = useSpeech(id)
  const format = formatOf(upload)
  const source = useQuery({
    queryKey: ['source', id, format],
    queryFn: () => sourceOf(id, format!),
    enabled: format !== undefined,
    staleTime: Infinity,
    gcTime: 0,
  })
  const levels = useQuery({
    queryKey: ['levels', id],
    queryFn: async () => levelsOf(JSON.parse(await (await bytesAt(`/api/v1/uploads/${id}/peaks`)).text()) as Peaks),
    staleTime: Infinity,
  })
  if (format === undefined)
    return (
      <Alert mb="md">
        This browser plays none of the formats that there are:{' '}
        {upload.renditions.map((one) => one.format).join(', ') || 'none'}.
      </Alert>
    )
  const error = source.error ?? levels.error
  const again = () => void Promise.all([source.refetch(), levels.refetch()])
  return (
    <Card withBorder mb="md" role="region" aria-label="Player">
      {error ? (
        <Alert color="red" variant="light" title={wordsOf(error)} role="alert">
          <Button size="compact-sm" variant="default" onClick={again}>
            Try again
          </Button>
        </Alert>
      ) : source.data && levels.data ? (
        <Wave
          secs={(upload.duration_ms ?? 0) / 1000}
          source={source.data}
          levels={levels.data}
          segments={segments}
          playhead={playhead}
          again={again}
        />
      ) : (
        <Skeleton h={160} />
      )}
    </Card>
  )
}
