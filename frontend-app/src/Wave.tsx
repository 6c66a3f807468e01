import { Alert, Button, Group, useComputedColorScheme } from '@mantine/core'
import { wordsOf } from '@xylolabs/web-shared/api/problem.ts'
import { duration } from '@xylolabs/web-shared/words.ts'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import WaveSurfer from 'wavesurfer.js'
import RegionsPlugin from 'wavesurfer.js/plugins/regions'
import { Controls } from './Controls.tsx'
import type { Playhead } from './playhead.ts'
import { nextFrom, previousFrom, type Segment } from './segments.ts'

const colours = {
  light: { waveColor: '#91a7ff', progressColor: '#364fc7', cursorColor: '#1b2559' },
  dark: { waveColor: '#748ffc', progressColor: '#dbe4ff', cursorColor: '#fff' },
} as const
const speech = { light: 'rgba(9, 146, 104, 0.18)', dark: 'rgba(99, 230, 190, 0.22)' } as const

/** The waveform of a recording, which plays where one clicks, and its controls. */
export function Wave({
  secs,
  source,
  levels,
  segments,
  playhead,
  again,
}: {
  secs: number
  source: string
  levels: number[]
  segments: readonly Segment[]
  playhead: Playhead
  again: () => void
}) {
  const container = useRef<HTMLDivElement>(null)
  const [drawn, setDrawn] = useState<{ wave: WaveSurfer; regions: ReturnType<typeof RegionsPlugin.create> }>()
  const [isPlaying, setPlaying] = useState(false)
  const [error, setError] = useState<string>()
  const at = useSyncExternalStore(playhead.subscribe, () => Math.round(10 * playhead.at()) / 10)
  const scheme = useComputedColorScheme('light')
  const wave = drawn?.wave

  useEffect(() => {
    const regions = RegionsPlugin.create()
    const made = WaveSurfer.create({
      container: container.current!,
      url: source,
      peaks: [levels],
      duration: secs,
      height: 120,
      normalize: true,
      backend: 'MediaElement',
      plugins: [regions],
      barWidth: 2,
      barGap: 1,
      barRadius: 2,
    })
    // What it is told while it is on its way to somewhere else, it may forget.
    let wanted: number | undefined
    const media = made.getMediaElement()!
    const arrived = () => {
      const missed = wanted
      wanted = undefined
      if (missed !== undefined && Math.abs(media.currentTime - missed) > 0.5) media.currentTime = missed
    }
    media.addEventListener('seeked', arrived)
    made.on('interaction', () => (wanted = undefined))
    const detach = playhead.attach((to, play) => {
      wanted = Math.min(secs, Math.max(0, to))
      made.setTime(wanted)
      if (play) void made.play()
    })
    made.on('ready', () => {
      playhead.moved(made.getCurrentTime())
      setDrawn({ wave: made, regions })
    })
    made.on('play', () => setPlaying(true))
    made.on('pause', () => setPlaying(false))
    made.on('timeupdate', playhead.moved)
    made.on('error', (failure: unknown) => setError(wordsOf(failure)))
    regions.on('region-clicked', ({ start }, event) => {
      // Else it goes on to the waveform, which only goes there.
      event.stopPropagation()
      playhead.playFrom(start)
    })
    return () => {
      detach()
      media.removeEventListener('seeked', arrived)
      setDrawn(undefined)
      made.destroy()
    }
  }, [source, levels, secs, playhead])

  useEffect(() => drawn?.wave.setOptions(colours[scheme]), [drawn, scheme])

  useEffect(() => {
    for (const { start_secs: start, end_secs: end } of drawn ? segments : [])
      drawn!.regions.addRegion({ start, end, drag: false, resize: false, color: speech[scheme] })
    return () => drawn?.regions.clearRegions()
  }, [drawn, segments, scheme])

  const jump = (by: number) => playhead.seek(playhead.at() + by)
  const playFrom = (segment: Segment | undefined) => segment && playhead.playFrom(segment.start_secs)
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
          if (event.key === ' ') void wave?.playPause()
          else if (by !== undefined) jump(by)
          else return
          event.preventDefault()
        }}
      >
        <div ref={container} data-ready={drawn !== undefined} />
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
      <Controls
        isPlaying={isPlaying}
        at={at}
        secs={secs}
        onPlay={() => void wave?.playPause()}
        onJump={jump}
        onRate={(rate) => wave?.setPlaybackRate(rate)}
        onVolume={(volume) => wave?.setVolume(volume)}
        {...(segments.length > 0 && {
          onPrevious: () => playFrom(previousFrom(segments, playhead.at()) ?? segments[0]),
          onNext: () => playFrom(nextFrom(segments, playhead.at())),
        })}
      />
    </>
  )
}
