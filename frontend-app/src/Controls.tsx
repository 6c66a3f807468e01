import { ActionIcon, Button, Group, Select, Slider, Text } from '@mantine/core'
import { duration } from '@xylolabs/web-shared/words.ts'
import { useState } from 'react'

/** What a player is steered with. */
export function Controls({
  isPlaying,
  at,
  secs,
  onPlay,
  onJump,
  onRate,
  onVolume,
  onPrevious,
  onNext,
}: {
  isPlaying: boolean
  at: number
  secs: number
  onPlay: () => void
  /** By so many seconds. */
  onJump: (by: number) => void
  onRate: (rate: number) => void
  /** From 0 to 1. */
  onVolume: (volume: number) => void
  /** To what is marked in the recording; absent where nothing is. */
  onPrevious?: () => void
  onNext?: () => void
}) {
  const [rate, setRate] = useState('1')
  const [volume, setVolume] = useState(100)
  return (
    <Group mt="sm" gap="sm">
      <ActionIcon size="lg" radius="xl" aria-label={isPlaying ? 'Pause' : 'Play'} onClick={onPlay}>
        <span aria-hidden>{isPlaying ? '❚❚' : '▶'}</span>
      </ActionIcon>
      <Button size="compact-sm" variant="default" aria-label="−10 s, back" onClick={() => onJump(-10)}>
        −10 s
      </Button>
      <Button size="compact-sm" variant="default" aria-label="+10 s, on" onClick={() => onJump(10)}>
        +10 s
      </Button>
      {onPrevious && onNext && (
        <Button.Group>
          <Button size="compact-sm" variant="default" aria-label="Play the speech before" onClick={onPrevious}>
            ‹ Speech
          </Button>
          <Button size="compact-sm" variant="default" aria-label="Play the next speech" onClick={onNext}>
            Speech ›
          </Button>
        </Button.Group>
      )}
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
        onChange={(value) => (setRate(value ?? '1'), onRate(Number(value)))}
      />
      <Slider
        w={110}
        size="sm"
        thumbLabel="Volume"
        label={(value) => `${value} %`}
        value={volume}
        onChange={(value) => (setVolume(value), onVolume(value / 100))}
      />
    </Group>
  )
}
