import '@mantine/charts/styles.css'
import { LineChart } from '@mantine/charts'
import { Text, useComputedColorScheme } from '@mantine/core'
import { duration } from '@xylolabs/web-shared/words.ts'
import { useMemo } from 'react'
import { Bands } from './Bands.tsx'
import { rangeOf, type Levels as Found, pointsOf } from './levels.ts'
import { margins, OverTime } from './OverTime.tsx'
import type { Playhead } from './playhead.ts'

const decibels = (level: number | null, unit = 'dBFS') => (level === null ? 'silence' : `${level.toFixed(1)} ${unit}`)
const colours = {
  light: { RMS: 'indigo.8', Peak: 'orange.9' },
  dark: { RMS: 'indigo.3', Peak: 'orange.4' },
} as const

/** How loud a recording is, second by second. */
export function Levels({ of, playhead }: { of: Found; playhead: Playhead }) {
  const scheme = useComputedColorScheme('light')
  const points = useMemo(() => pointsOf(of), [of])
  const data = useMemo(() => points.map(({ at, rms, peak }) => ({ at, RMS: rms, Peak: peak })), [points])
  const { rms_dbfs, peak_dbfs, crest_db } = of.overall
  const inAll = `RMS ${decibels(rms_dbfs)}, peak ${decibels(peak_dbfs)}${crest_db === null ? '' : `, crest factor ${decibels(crest_db, 'dB')}`}`
  if (points.length === 0) return <Text size="sm">There is no sound in it to be measured.</Text>
  const { floor } = rangeOf(points.map(({ rms }) => rms))
  return (
    <>
      <Text size="sm" mb="xs">
        {inAll}
      </Text>
      <OverTime secs={of.duration_secs} playhead={playhead}>
        <div role="img" aria-label={`RMS and peak level of each second, from ${floor} to 0 dBFS. In all: ${inAll}`}>
          <LineChart
            h={200}
            data={data}
            dataKey="at"
            series={(['Peak', 'RMS'] as const).map((name) => ({ name, color: colours[scheme][name] }))}
            withDots={points.length === 1}
            withLegend
            legendProps={{ verticalAlign: 'top', height: 30 }}
            curveType="linear"
            strokeWidth={1.5}
            connectNulls={false}
            valueFormatter={(level) => decibels(level)}
            lineChartProps={{ margin: { ...margins, left: 0, top: 4, bottom: 0 } }}
            xAxisProps={{ type: 'number', domain: [0, of.duration_secs], tickFormatter: (at) => duration(1000 * at) }}
            yAxisProps={{
              ...{ width: margins.left, domain: [floor, 0], allowDataOverflow: true },
              ticks: Array.from({ length: 1 - floor / 20 }, (_, i) => floor + 20 * i),
              tickFormatter: String,
            }}
            tooltipProps={{ labelFormatter: (at) => duration(1000 * Number(at)) }}
            tooltipAnimationDuration={0}
            lineProps={{ isAnimationActive: false }}
            textColor="light-dark(var(--mantine-color-gray-7), var(--mantine-color-dark-1))"
          />
        </div>
      </OverTime>
      {points[0]!.bands.length > 0 && (
        <Bands hz={of.bands_hz} points={points} secs={of.duration_secs} playhead={playhead} />
      )}
    </>
  )
}
