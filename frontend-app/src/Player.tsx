import {
  ActionIcon,
  Alert,
  Button,
  Card,
  Group,
  Select,
  Skeleton,
  Slider,
  Text,
  useComputedColorScheme,
} from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api, answer, bytesAt, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { wordsOf } from '@xylolabs/web-shared/api/problem.ts'
import { duration } from '@xylolabs/web-shared/words.ts'
import { useEffect, useRef, useState } from 'react'
import WaveSurfer from 'wavesurfer.js'

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

function Wave({
  upload,
  source,
  levels,
  again,
}: {
  upload: Upload
  source: string
  levels: number[]
  again: () => void
}) {
  const container = useRef<HTMLDivElement>(null)
  const wave = useRef<WaveSurfer>(null)
  const [isReady, setReady] = useState(false)
  const [isPlaying, setPlaying] = useState(false)
  const [at, setAt] = useState(0)
  const [error, setError] = useState<string>()
  const [rate, setRate] = useState('1')
  const [volume, setVolume] = useState(100)
  const secs = (upload.duration_ms ?? 0) / 1000
  const scheme = useComputedColorScheme('light')

  useEffect(() => {
    const made = WaveSurfer.create({
      container: container.current!,
      url: source,
      peaks: [levels],
      duration: secs,
      height: 120,
      normalize: true,
      backend: 'MediaElement',
      waveColor: scheme === 'dark' ? '#748ffc' : '#91a7ff',
      progressColor: scheme === 'dark' ? '#dbe4ff' : '#364fc7',
      cursorColor: scheme === 'dark' ? '#fff' : '#1b2559',
      barWidth: 2,
      barGap: 1,
      barRadius: 2,
    })
    wave.current = made
    made.on('ready', () => setReady(true))
    made.on('play', () => setPlaying(true))
    made.on('pause', () => setPlaying(false))
    made.on('timeupdate', setAt)
    made.on('error', (failure: unknown) => setError(wordsOf(failure)))
    return () => made.destroy()
  }, [source, levels, secs, scheme])

  const jump = (by: number) => wave.current?.setTime(Math.min(secs, Math.max(0, at + by)))
  return (
    <>
      <div
        role="slider"
        tabIndex={0}
        aria-label="Position"
        aria-valuemin={0}
        aria-valuemax={Math.round(secs)}
        aria-valuenow={Math.round(at)}
        aria-valuetext={`${duration(1000 * at)} of ${duration(1000 * secs)}`}
        onKeyDown={(event) => {
          const by = { ArrowLeft: -5, ArrowRight: 5, PageDown: -30, PageUp: 30, Home: -secs, End: secs }[event.key]
          if (event.key === ' ') void wave.current?.playPause()
          else if (by !== undefined) jump(by)
          else return
          event.preventDefault()
        }}
      >
        <div ref={container} data-ready={isReady} />
      </div>
      {error && (
        <Alert color="red" variant="light" my="sm" title="It cannot be played" role="alert">
          <Group>
            {error}
            <Button size="compact-sm" variant="default" onClick={again}>
              Try again
            </Button>
          </Group>
        </Alert>
      )}
      <Group mt="sm" gap="sm">
        <ActionIcon
          size="lg"
          radius="xl"
          aria-label={isPlaying ? 'Pause' : 'Play'}
          onClick={() => void wave.current?.playPause()}
        >
          <span aria-hidden>{isPlaying ? '❚❚' : '▶'}</span>
        </ActionIcon>
        <Button size="compact-sm" variant="default" aria-label="−10 s, back" onClick={() => jump(-10)}>
          −10 s
        </Button>
        <Button size="compact-sm" variant="default" aria-label="+10 s, on" onClick={() => jump(10)}>
          +10 s
        </Button>
        <Text size="sm" style={{ fontVariantNumeric: 'tabular-nums' }}>
          {duration(1000 * at)} / {duration(1000 * secs)}
        </Text>
        <Select
          aria-label="Speed"
          size="xs"
          w={90}
          allowDeselect={false}
          data={['0.5', '1', '1.5', '2', '4'].map((value) => ({ value, label: `${value} ×` }))}
          value={rate}
          onChange={(value) => (setRate(value ?? '1'), wave.current?.setPlaybackRate(Number(value)))}
        />
        <Slider
          w={110}
          size="sm"
          thumbLabel="Volume"
          label={(value) => `${value} %`}
          value={volume}
          onChange={(value) => (setVolume(value), wave.current?.setVolume(value / 100))}
        />
      </Group>
    </>
  )
}

/** Plays what became of a recording, over its waveform. */
export function Player({ upload }: { upload: Upload }) {
  const { id } = upload
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
        <Wave upload={upload} source={source.data} levels={levels.data} again={again} />
      ) : (
        <Skeleton h={160} />
      )}
    </Card>
  )
}
