import { Group, Text } from '@mantine/core'
import { useEffect, useMemo, useRef } from 'react'
import { colourOf, rangeOf, type Point } from './levels.ts'
import { margins, OverTime } from './OverTime.tsx'
import type { Playhead } from './playhead.ts'

const rowHeight = 16
const hertz = (hz: number) => (hz >= 1000 ? `${hz / 1000} k` : String(hz))

/** How much is in each octave over time: the brighter, the more. */
export function Bands({
  hz,
  points,
  secs,
  playhead,
}: {
  hz: readonly number[]
  points: readonly Point[]
  secs: number
  playhead: Playhead
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const range = useMemo(() => rangeOf(points.flatMap(({ bands }) => bands)), [points])
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!
    const image = context.createImageData(points.length, hz.length)
    points.forEach(({ bands }, column) =>
      bands.forEach((level, band) => {
        // The lowest at the bottom.
        const pixel = 4 * ((hz.length - 1 - band) * points.length + column)
        image.data.set([...colourOf(level, range), 255], pixel)
      }),
    )
    context.putImageData(image, 0, 0)
  }, [points, hz, range])
  return (
    <>
      <OverTime secs={secs} playhead={playhead}>
        <div style={{ display: 'flex' }}>
          <div aria-hidden style={{ width: margins.left, paddingRight: 6, textAlign: 'right' }}>
            {hz.toReversed().map((one) => (
              <Text key={one} fz={11} lh={`${rowHeight}px`} c="dimmed">
                {hertz(one)}
              </Text>
            ))}
          </div>
          <canvas
            ref={canvas}
            width={points.length}
            height={hz.length}
            role="img"
            aria-label={`Levels of ${hz.length} octaves from ${hz[0]} to ${hz.at(-1)} Hz over time`}
            style={{
              ...{ flex: 1, minWidth: 0, height: rowHeight * hz.length, imageRendering: 'pixelated' },
              ...{ marginRight: margins.right, borderRadius: 4 },
            }}
          />
        </div>
      </OverTime>
      <Group gap={6} mt={4} ml={margins.left} aria-hidden>
        <Text fz={11} c="dimmed">
          {range.floor}
        </Text>
        <div
          style={{
            ...{ width: 90, height: 8, borderRadius: 4 },
            background: `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1]
              .map((share) => `rgb(${colourOf(range.floor + share * (range.top - range.floor), range).join(' ')})`)
              .join(', ')})`,
          }}
        />
        <Text fz={11} c="dimmed">
          {range.top} dBFS in each octave (Hz)
        </Text>
      </Group>
    </>
  )
}
