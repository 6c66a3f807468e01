import { Anchor, Code, Group, Skeleton, Text } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { Failure } from '@xylolabs/web-shared/DataTable.tsx'
import { Details } from '@xylolabs/web-shared/Details.tsx'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { Changes } from '@xylolabs/web-shared/History.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { Section } from '@xylolabs/web-shared/Section.tsx'
import { absoluteTime } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { spaced } from '@xylolabs/web-shared/words.ts'

const wrapped = { overflowWrap: 'anywhere' } as const

export function Event() {
  const { position } = useParams({ strict: false }) as { position: string }
  const { data, error, refetch } = useGet('/api/v1/events/{position}', { path: { position } })
  const facilityName = useFacilityName()
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Skeleton h={200} />
  const { stream, actor, facility_id, changes } = data
  const id = (value: string | null) => (
    <span className="id" style={wrapped}>
      {value ?? '—'}
    </span>
  )
  const around = (search: object, words: string) => (
    <Anchor size="sm" component={Link} to="/events" search={search as never} style={wrapped}>
      {words}
    </Anchor>
  )
  return (
    <Page title={data.type} about={`Revision ${data.revision} of its stream`}>
      <Details
        of={[
          ['When', data.at ? absoluteTime(data.at) : '—'],
          ['Position', id(data.position)],
          [
            'In the log',
            <Group key="l" gap="sm">
              {around({ from: data.position }, 'What came before')}
              {around({ from: data.position, direction: 'forwards' }, 'What came after')}
            </Group>,
          ],
          ['Stream', around({ stream }, stream)],
          ['Who', actor.name ?? spaced(actor.kind ?? 'unknown')],
          ['Facility', facility_id ? facilityName(facility_id) : '—'],
          ['Event', id(data.id)],
          ['Correlation', id(data.correlation_id)],
          ['Caused by', id(data.causation_id)],
          ['Schema', data.schema ?? '—'],
        ]}
      />
      <Section title="What it changed">
        {changes === null ? (
          <Text size="sm" c="dimmed">
            {data.unfolded}
          </Text>
        ) : changes.length === 0 ? (
          <Text size="sm" c="dimmed">
            Nothing that is shown.
          </Text>
        ) : (
          <Changes of={changes} />
        )}
      </Section>
      <Section title="As it was stored">
        <Code block tabIndex={0} aria-label="The event">
          {JSON.stringify(data.data, null, 2)}
        </Code>
      </Section>
    </Page>
  )
}
