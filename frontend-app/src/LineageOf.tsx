import { Card, List, Text } from '@mantine/core'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { bytes, spaced } from '@xylolabs/web-shared/words.ts'

/** Where everything that was made of a recording comes from; nothing where the server does not say. */
export function LineageOf({ id }: { id: string }) {
  const { data } = useGet('/api/v1/uploads/{id}/lineage', { path: { id } }, { changes: true })
  if (!data) return null
  const { upload, jobs } = data
  return (
    <Card withBorder mb="md">
      <Text fw={600} mb="xs">
        Lineage
      </Text>
      <List size="sm">
        <List.Item>
          {upload.file_name}, sent by {upload.actor.name ?? spaced(upload.actor.kind)} <Time at={upload.event.at} />
          <List size="sm" withPadding>
            {jobs.map((job) => (
              <List.Item key={job.id}>
                Transcoded{' '}
                {job.because_of ? 'by itself' : `for ${job.requested_by.name ?? spaced(job.requested_by.kind)}`}{' '}
                <Time at={job.requested.at} />: {spaced(job.status).toLowerCase()}
                <List size="sm" withPadding>
                  {job.outputs.map((output, i) => (
                    <List.Item key={i}>
                      {output.kind === 'peaks' ? 'Waveform' : output.format}
                      {output.size_bytes !== undefined && `, ${bytes(output.size_bytes)}`}
                      {!output.is_current && ' (replaced since)'}
                    </List.Item>
                  ))}
                </List>
              </List.Item>
            ))}
          </List>
        </List.Item>
      </List>
    </Card>
  )
}
