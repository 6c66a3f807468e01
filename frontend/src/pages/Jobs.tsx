import { Tabs } from '@mantine/core'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { type Kind, kinds } from '../jobs.ts'
import { JobQueue } from '../JobQueue.tsx'

export function Jobs() {
  const list = useList([])
  const kind: Kind = list.value('kind') === 'inference' ? 'inference' : 'transcode'
  const forgotten = Object.fromEntries(['status', 'sort', ...kinds.inference.filters].map((name) => [name, undefined]))
  return (
    <Page title="Queues" about="Recordings on their way to the web, and models that listen to them">
      <Tabs
        value={kind}
        keepMounted={false}
        onChange={(chosen) => list.set({ ...forgotten, kind: chosen === 'inference' ? chosen : undefined })}
      >
        <Tabs.List>
          {Object.entries(kinds).map(([name, { label }]) => (
            <Tabs.Tab key={name} value={name}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {(Object.keys(kinds) as Kind[]).map((name) => (
          <Tabs.Panel key={name} value={name}>
            <JobQueue kind={name} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  )
}
