import { Table } from '@mantine/core'
import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { RowMenu } from '@xylolabs/web-shared/RowMenu.tsx'
import { Status } from '@xylolabs/web-shared/Status.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { api, answer } from '@xylolabs/web-shared/api/client.ts'
import { useAction } from '@xylolabs/web-shared/useAction.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { bytes, duration } from '@xylolabs/web-shared/words.ts'
import { Section } from '@xylolabs/web-shared/Section.tsx'

export const formats = { 'opus-webm': 'Opus in WebM', 'aac-mp4': 'AAC in MP4' } as const

/** What was made of a recording. */
export function Renditions({ of }: { of: Schemas['Upload']['renditions'] }) {
  if (of.length === 0) return null
  return (
    <Section title="Renditions">
      <Table aria-label="Renditions">
        <Table.Tbody>
          {of.map(({ format, bitrate, size_bytes, duration_ms }) => (
            <Table.Tr key={format}>
              <Table.Td>{formats[format]}</Table.Td>
              <Table.Td ta="right">{Math.round(bitrate / 1000)} kbit/s</Table.Td>
              <Table.Td ta="right">{bytes(size_bytes)}</Table.Td>
              <Table.Td ta="right">{duration(duration_ms)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  )
}

/** The transcodings of a recording, who may steering them. */
export function JobsOf({ uploadId }: { uploadId: string }) {
  const { data } = useGet('/api/v1/transcode-jobs', { query: { upload_id: uploadId } }, { changes: true })
  const may = useMay()
  const params = (id: string) => ({ params: { path: { id } }, body: {} })
  const retry = useAction((id: string) => answer(api.POST('/api/v1/transcode-jobs/{id}/retry', params(id))), {
    done: 'It is tried again',
  })
  const cancel = useAction((id: string) => answer(api.POST('/api/v1/transcode-jobs/{id}/cancel', params(id))), {
    done: 'Cancelled',
  })
  if (!data || data.items.length === 0) return null
  return (
    <Section title="Transcoding">
      <Table aria-label="Transcoding">
        <Table.Tbody>
          {data.items.map(({ id, status, attempt, error, requested_at }) => (
            <Table.Tr key={id}>
              <Table.Td>
                <Status of={status} />
              </Table.Td>
              <Table.Td>
                <Time at={requested_at} />
              </Table.Td>
              <Table.Td>{attempt > 1 && `Attempt ${attempt}`}</Table.Td>
              <Table.Td>{error}</Table.Td>
              <Table.Td ta="right">
                <RowMenu
                  of={`transcoding ${id.slice(0, 8)}`}
                  actions={[
                    may('transcode-job:steer') &&
                      ['failed', 'cancelled'].includes(status) && { label: 'Try again', act: () => retry.mutate(id) },
                    may('transcode-job:steer') &&
                      ['queued', 'running'].includes(status) && {
                        label: 'Cancel',
                        danger: true,
                        act: () => cancel.mutate(id),
                      },
                  ]}
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  )
}
