import { Button, Group, Text, VisuallyHidden } from '@mantine/core'
import { count, tenths } from '@xylolabs/web-shared/words.ts'
import { useState, useSyncExternalStore } from 'react'
import type { Playhead } from './playhead.ts'
import { indexAt, type Segment, shareOf } from './segments.ts'

/** So many buttons before somebody asks for all. */
const mostShown = 200

/** Segments that are played at a click. */
export function Segments({
  of,
  secs,
  playhead,
}: {
  of: readonly Segment[]
  /** How long the recording is. */
  secs: number
  playhead: Playhead
}) {
  const [isAll, setAll] = useState(false)
  const current = useSyncExternalStore(playhead.subscribe, () => indexAt(of, playhead.at()))
  const canPlay = useSyncExternalStore(playhead.subscribe, playhead.canPlay)
  if (of.length === 0) return <Text size="sm">Nobody speaks in this recording, as far as the model can tell.</Text>
  const shown = isAll ? of : of.slice(0, mostShown)
  return (
    <>
      <Text size="sm" mb="xs">
        {of.length === 1 ? '1 segment' : `${count(of.length)} segments`}, {Math.round(100 * shareOf(of, secs))} % of the
        recording
      </Text>
      <Group
        component="ul"
        gap={6}
        p={2}
        m={0}
        mah={240}
        style={{ overflowY: 'auto', listStyle: 'none' }}
        aria-label="Segments of speech"
      >
        {shown.map(({ start_secs, end_secs, confidence }, i) => {
          const times = `${tenths(start_secs)} – ${tenths(end_secs)}`
          const sure = confidence === undefined ? '' : `${Math.round(100 * confidence)} %`
          return (
            <li key={`${start_secs}-${i}`}>
              <Button
                size="compact-sm"
                variant={i === current ? 'filled' : 'default'}
                aria-current={i === current}
                disabled={!canPlay}
                onClick={() => playhead.playFrom(start_secs)}
                rightSection={
                  sure && (
                    <Text span inherit fw={400} size="xs">
                      <VisuallyHidden component="span">, confidence </VisuallyHidden>
                      {sure}
                    </Text>
                  )
                }
                style={{ fontVariantNumeric: 'tabular-nums' }}
              >
                <VisuallyHidden component="span">Play </VisuallyHidden>
                {times}
              </Button>
            </li>
          )
        })}
      </Group>
      {shown.length < of.length && (
        <Button mt="xs" size="compact-sm" variant="default" onClick={() => setAll(true)}>
          Show all {count(of.length)}
        </Button>
      )}
    </>
  )
}
