import { type ReactNode, useEffect, useRef } from 'react'
import type { Playhead } from './playhead.ts'

/** What is left free beside a drawing: left for its scale. */
export const margins = { left: 46, right: 10 } as const

/** A drawing of a recording from its beginning to its end, between `margins`: where it is played is marked, and a click goes there. */
export function OverTime({ secs, playhead, children }: { secs: number; playhead: Playhead; children: ReactNode }) {
  const mark = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const move = () => mark.current?.style.setProperty('--played', String(Math.min(1, playhead.at() / secs)))
    move()
    return playhead.subscribe(move)
  }, [secs, playhead])
  return (
    <div
      style={{ position: 'relative' }}
      onClick={({ clientX, currentTarget }) => {
        const { left, width } = currentTarget.getBoundingClientRect()
        const share = (clientX - left - margins.left) / (width - margins.left - margins.right)
        if (share >= 0 && share <= 1) playhead.seek(share * secs)
      }}
    >
      {children}
      <div
        ref={mark}
        data-mark="played"
        aria-hidden
        style={{
          ...{ position: 'absolute', top: 0, bottom: 0, width: 2, pointerEvents: 'none' },
          left: `calc(${margins.left}px + (100% - ${margins.left + margins.right}px) * var(--played, 0))`,
          background: 'var(--mantine-color-text)',
        }}
      />
    </div>
  )
}
